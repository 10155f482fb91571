import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Bubble } from '../../examples/kit/bubbles.js'
import type { FollowerState } from '../../examples/kit/follower.js'
import { MemoryStorage } from '../../examples/kit/storage.js'
import { importLines } from '../support/import.js'
import { openDevice } from '../support/kit-device.js'
import { Network } from '../support/kit-network.js'
import { openApolloScreen, openKitScreen, type Screen } from '../support/kit-screens.js'
import { cutTo, wholeView } from '../support/kit-view.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const clients: [string, typeof openKitScreen][] = [
  ['the kit', openKitScreen],
  ['Apollo', openApolloScreen],
]

const bodies = (bubbles: readonly Bubble[]) =>
  bubbles.map((bubble) => (bubble.state === 'sent' ? bubble.message.body : bubble.waiting.input.body))

/** What a screen shows of a conversation whenever something changes, from the first bubble on. */
function watch(screen: Screen, conversationId: string): Bubble[][] {
  const shown: Bubble[][] = []
  screen.onChange(() => {
    const bubbles = screen.bubbles(conversationId)
    if (shown.length > 0 || bubbles.length > 0) shown.push(bubbles)
  })
  return shown
}

async function equalsFresh(screen: Screen): Promise<void> {
  await expect
    .poll(async () => {
      const held = screen.view()
      const due = await wholeView(screen.person)
      expect(cutTo(held, due)).toEqual(cutTo(due, held))
      return true
    })
    .toBe(true)
}

describe.each(clients)('%s', (_, open) => {
  test('fetches once after a StreamReset, and goes on from there', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const screen = await open(patient)
    await doctor.send(conversationId, 'seen')
    await expect.poll(() => bodies(screen.bubbles(conversationId))).toEqual(['seen'])
    screen.network.goOffline()
    for (const body of ['missed', 'missed too']) await doctor.send(conversationId, body)
    await world.sql('DELETE FROM updates WHERE user_id = $1::uuid', [patient.rowId])
    screen.network.goOnline()
    await expect.poll(() => bodies(screen.bubbles(conversationId))).toEqual(['seen', 'missed', 'missed too'])
    await doctor.send(conversationId, 'live')
    await expect.poll(() => bodies(screen.bubbles(conversationId)).at(-1)).toBe('live')
    await equalsFresh(screen)
    expect(screen.network.count('Start')).toBe(2)
    // The sender learns that all of it has arrived.
    await expect
      .poll(async () =>
        (await deliveryStates(doctor, conversationId)).every((state) => state === 'DELIVERED'),
      )
      .toBe(true)
    await screen.close()
  })

  test('fetches a conversation anew when its history was imported', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const screen = await open(patient)
    const conversationExternalId = `elsewhere-${conversationId}`
    const said = ['long ago', 'and then'].map((body, minute) => ({
      message: {
        conversationExternalId,
        senderExternalId: doctor.externalId,
        clientMessageId: randomUUID(),
        sentAt: `2024-05-01T09:0${minute}:00.000Z`,
        body,
      },
    }))
    const conversation = {
      kind: 'DIRECT',
      externalId: conversationExternalId,
      patientExternalId: patient.externalId,
      doctorExternalId: doctor.externalId,
    }
    const { notes } = await importLines(world, [{ conversation }, ...said])
    expect(notes).toEqual([])
    await expect.poll(() => bodies(screen.bubbles(conversationId))).toEqual(['long ago', 'and then', null])
    await equalsFresh(screen)
    expect([screen.network.count('Start'), screen.network.count('OpenConversation')]).toEqual([1, 1])
    await screen.close()
  })

  test('shows one bubble from the first moment on', async () => {
    const { patient, conversationId } = await world.pair()
    const screen = await open(patient)
    const shown = watch(screen, conversationId)
    const key = await screen.send(conversationId, 'once')
    await expect.poll(() => screen.bubbles(conversationId)).toMatchObject([{ key, state: 'sent' }])
    await expect.poll(() => screen.outbox.waiting).toEqual([])
    expect(shown.map((bubbles) => bubbles.map((bubble) => bubble.key))).toEqual(shown.map(() => [key]))
    const states = shown.map(([bubble]) => bubble?.state)
    expect(states.slice(states.indexOf('sent'))).not.toContain('sending')
    await screen.close()
  })

  test('shows one bubble when the answer is lost: the stream is first, or the second attempt', async () => {
    const { patient, conversationId } = await world.pair()
    const screen = await open(patient)
    const shown = watch(screen, conversationId)
    screen.network.loseAnswerTo('SendMessage')
    const key = await screen.send(conversationId, 'once')
    await expect.poll(async () => (await patient.history(conversationId)).length).toBe(1)
    screen.network.drop()
    await expect.poll(() => screen.bubbles(conversationId)).toMatchObject([{ key, state: 'sent' }])
    await expect.poll(() => screen.outbox.waiting).toEqual([])
    expect(shown.map((bubbles) => bubbles.map((bubble) => bubble.key))).toEqual(shown.map(() => [key]))
    expect(await patient.history(conversationId)).toHaveLength(1)
    await screen.close()
  })

  test('closes at once without a network, and does nothing more', async () => {
    const { patient, conversationId } = await world.pair()
    const screen = await open(patient)
    screen.network.goOffline()
    await screen.send(conversationId, 'not yet')
    const attempts = screen.network.attempts
    await expect.poll(() => screen.network.attempts).toBeGreaterThan(attempts)
    await screen.close()
    const atClose = screen.network.attempts
    screen.network.goOnline()
    expect(await patient.history(conversationId)).toEqual([])
    expect([screen.network.attempts, screen.outbox.waiting.length]).toEqual([atClose, 1])
  })

  test('keeps what was not sent through the end of the program, and says it once', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const storage = new MemoryStorage()
    const first = await open(patient, { storage })
    await first.send(conversationId, 'before')
    await expect.poll(() => first.outbox.waiting).toEqual([])
    await expect.poll(() => storage.getItem(`parley:${patient.externalId}:copy`)).toContain('before')
    first.network.goOffline()
    for (const body of ['one', 'two']) await first.send(conversationId, body)
    await doctor.send(conversationId, 'meanwhile')
    // Killed, it does nothing any more: what it stored is all that is left.
    const left = new MemoryStorage(storage)
    const second = await open(patient, { storage: left })
    expect(bodies(second.bubbles(conversationId))).toEqual(['before', 'one', 'two'])
    await expect
      .poll(() => bodies(second.bubbles(conversationId)))
      .toEqual(['before', 'meanwhile', 'one', 'two'])
    await expect.poll(() => second.outbox.waiting).toEqual([])
    await equalsFresh(second)
    // The first did send after all: that changes nothing.
    first.network.goOnline()
    await expect.poll(() => first.outbox.waiting).toEqual([])
    expect((await patient.history(conversationId)).map(({ body }) => body)).toEqual([
      'before',
      'meanwhile',
      'one',
      'two',
    ])
    await second.close()
    const third = await open(patient, { storage: left })
    expect(third.outbox.waiting).toEqual([])
    expect([second, third].map(({ network }) => network.count('Start'))).toEqual([0, 0])
    await Promise.all([first.close(), third.close()])
  })
})

test('a token that will never do ends it: there is nothing to wait for', async () => {
  const { patient } = await world.pair()
  const states: FollowerState[] = []
  const storage = new MemoryStorage()
  const network = new Network()
  const first = await openDevice(patient, { storage })
  await expect.poll(() => storage.getItem(`parley:${patient.externalId}:copy`)).not.toBeNull()
  await first.kit.close()
  const signedOut = await openDevice(patient, { storage, network, token: async () => null, states })
  await expect.poll(() => states).toEqual(['ended'])
  expect(network.asked).toEqual([])
  await signedOut.kit.close()
})

async function deliveryStates(person: Person, conversationId: string): Promise<string[]> {
  const { conversation } = await person.must<{
    conversation: { messages: { edges: { node: { deliveryState: string } }[] } }
  }>(
    'query ($id: ID!) { conversation(id: $id) { messages(first: 100) { edges { node { deliveryState } } } } }',
    { id: conversationId },
  )
  return conversation.messages.edges.map(({ node }) => node.deliveryState)
}
