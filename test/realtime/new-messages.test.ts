import type { Client } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { messageFields } from '../support/documents.js'
import type { MessageShape, Person } from '../support/person.js'
import { RawSocket } from '../support/raw-socket.js'
import { SseStream } from '../support/sse.js'
import { World } from '../support/world.js'

const document = `subscription ($id: ID) { newMessages(conversationId: $id) { ...MessageFields } } ${messageFields}`

interface Result {
  readonly data?: { readonly newMessages: MessageShape } | null
  readonly errors?: readonly object[]
}

/** What a simple client keeps: the messages, and with what it ended. */
interface Listener {
  readonly heard: () => readonly MessageShape[]
  readonly errors: () => readonly object[]
  readonly isOver: () => boolean
  readonly close: () => Promise<void>
}

const messagesOf = (results: readonly Result[]) =>
  results.flatMap(({ data }) => (data ? [data.newMessages] : []))
const errorsOf = (results: readonly Result[]) => results.flatMap(({ errors }) => errors ?? [])

async function overSocket(person: Person, id: string | null): Promise<Listener> {
  const client: Client = person.socket()
  const results: Result[] = []
  let isOver = false
  const end = () => {
    isOver = true
  }
  client.subscribe<{ newMessages: MessageShape }>(
    { query: document, variables: { id } },
    {
      next: ({ data, errors }) =>
        void results.push({ ...(data ? { data } : {}), ...(errors ? { errors } : {}) }),
      error: (error) => {
        if (Array.isArray(error)) results.push({ errors: error })
        end()
      },
      complete: end,
    },
  )
  return {
    heard: () => messagesOf(results),
    errors: () => errorsOf(results),
    isOver: () => isOver,
    close: async () => void (await client.dispose()),
  }
}

async function overSse(person: Person, id: string | null): Promise<Listener> {
  const stream = await SseStream.open(person, document, { id })
  const results = () => stream.results as Result[]
  return {
    heard: () => messagesOf(results()),
    errors: () => errorsOf(results()),
    isOver: () => stream.isOver,
    close: () => stream.close(),
  }
}

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

/** Says something until it is heard: from then on the listener is live, and hears all that is said. */
async function untilLive(listener: Listener, speak: () => Promise<MessageShape>): Promise<MessageShape[]> {
  const said: MessageShape[] = []
  while (listener.heard().length === 0) {
    said.push(await speak())
    if (said.length > 200) throw new Error(`nothing is heard: ${JSON.stringify(listener.errors())}`)
  }
  return said
}

describe.each([
  ['graphql-ws', overSocket],
  ['SSE', overSse],
])('over %s', (_name, listen) => {
  test('what is said from now on comes to both people in order, and nothing of before', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    await patient.send(conversationId, 'before')
    const listener = await listen(doctor, null)
    const said = await untilLive(listener, () => patient.send(conversationId, 'probe'))
    said.push(await doctor.send(conversationId, 'my own'))
    const typo = await patient.send(conversationId, 'tpyo')
    said.push(typo)
    await patient.mutate('editMessage', { messageId: typo.id, body: 'typo' })
    await doctor.mutate('markRead', { conversationId, upToMessageId: typo.id })
    const gone = await patient.send(conversationId, 'in the wrong window')
    said.push(gone)
    await expect.poll(() => listener.heard().at(-1)?.id).toBe(gone.id)
    await patient.mutate('deleteMessage', { messageId: gone.id, scope: 'EVERYONE' })
    said.push(await patient.send(conversationId, 'last'))
    await expect.poll(() => listener.heard().at(-1)?.id).toBe(said.at(-1)?.id)

    // Where it began is the race of the first probe; from there on it is everything, once.
    const heard = listener.heard()
    expect(heard.map(({ id }) => id)).toEqual(said.slice(-heard.length).map(({ id }) => id))
    expect(heard.map(({ body }) => body).filter((body) => body !== 'probe')).toEqual([
      'my own',
      expect.stringMatching(/^t(py|yp)o$/),
      'in the wrong window',
      'last',
    ])
    expect([listener.errors(), listener.isOver()]).toEqual([[], false])
    await listener.close()
  })

  test('of one conversation only that, of all also one that begins later, SYSTEM messages too', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const group = await world.group(doctor, [])
    const one = await listen(doctor, conversationId)
    const all = await listen(doctor, null)
    const speak = () => patient.send(conversationId, 'probe')
    await untilLive(one, speak)
    await untilLive(all, speak)
    const member = await world.person('DOCTOR')
    await doctor.mutate('addParticipants', { conversationId: group, userIds: [member.id] })
    await member.send(group, 'in the group')
    const later = await world.group(member, [doctor])
    await member.send(later, 'in a new group')
    const last = await patient.send(conversationId, 'last')
    for (const listener of [one, all])
      await expect.poll(() => listener.heard().at(-1)).toEqual({ ...last, clientMessageId: null })
    const told = (listener: Listener) =>
      listener
        .heard()
        .map((message) => message.body ?? message)
        .filter((body) => body !== 'probe')
    expect(told(one)).toEqual(['last'])
    const joined = { kind: 'PARTICIPANT_JOINED', subject: { externalId: member.externalId } }
    expect(told(all)).toEqual([
      expect.objectContaining({ kind: 'SYSTEM', sender: null, systemEvent: expect.objectContaining(joined) }),
      'in the group',
      'in a new group',
      'last',
    ])
    await one.close()
    await all.close()
  })

  test('a conversation that does not exist or is not the viewer’s: NOT_FOUND, all alike', async () => {
    const { conversationId } = await world.pair()
    const stranger = await world.person('DOCTOR')
    const unknown = Buffer.from('Conversation:00000000-0000-4000-8000-000000000000').toString('base64url')
    for (const id of [conversationId, unknown, stranger.id, '', 'x', '\0']) {
      const listener = await listen(stranger, id)
      await expect.poll(() => listener.isOver()).toBe(true)
      expect(listener.heard()).toEqual([])
      expect(listener.errors()).toEqual([
        {
          message: 'There is no such thing, or you may not see it.',
          path: ['newMessages'],
          locations: [expect.anything()],
          extensions: { code: 'NOT_FOUND' },
        },
      ])
      await listener.close()
    }
    const listener = await listen(world.admin(), conversationId)
    await expect.poll(() => listener.errors()).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
    await listener.close()
  })

  test('who is removed hears of it, then nothing, until they are back', async () => {
    const owner = await world.person('DOCTOR')
    const member = await world.person('STAFF')
    const conversationId = await world.group(owner, [member])
    const listener = await listen(member, conversationId)
    await untilLive(listener, () => owner.send(conversationId, 'probe'))
    await owner.mutate('removeParticipant', { conversationId, userId: member.id })
    await owner.send(conversationId, 'without them')
    await owner.mutate('addParticipants', { conversationId, userIds: [member.id] })
    const last = await owner.send(conversationId, 'with them')
    await expect.poll(() => listener.heard().at(-1)?.id).toBe(last.id)
    const heard = listener.heard().filter(({ body }) => body !== 'probe')
    expect(heard).toMatchObject([
      { systemEvent: { kind: 'PARTICIPANT_REMOVED' } },
      { systemEvent: { kind: 'PARTICIPANT_JOINED' } },
      { body: 'with them' },
    ])
    await listener.close()
  })

  test('what is gone before it is told of is passed over', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const listener = await listen(doctor, conversationId)
    await untilLive(listener, () => patient.send(conversationId, 'probe'))
    await world.sql(
      "SELECT append_updates(ARRAY[$1::uuid], 'MESSAGE_SENT', $2::uuid, gen_random_uuid(), NULL, NULL, 1)",
      [doctor.rowId, Buffer.from(conversationId, 'base64url').toString().split(':')[1]],
    )
    const last = await patient.send(conversationId, 'still there')
    await expect.poll(() => listener.heard().at(-1)?.id).toBe(last.id)
    expect([listener.errors(), listener.isOver()]).toEqual([[], false])
    await listener.close()
  })

  test('after a stretch that is lost it goes on', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const listener = await listen(doctor, null)
    const speak = () => patient.send(conversationId, 'probe')
    await untilLive(listener, speak)
    const updates = doctor.follow()
    await updates.caughtUp()
    await world.sql('UPDATE deployment SET epoch = epoch + 1, changed_at = clock_timestamp()')
    await updates.change('StreamReset')
    await updates.close()
    const last = await speak()
    await expect.poll(() => listener.heard().at(-1)?.id).toBe(last.id)
    expect([listener.errors(), listener.isOver()]).toEqual([[], false])
    await listener.close()
  })
})

describe('it ends as the update stream does', () => {
  test('over a socket with 4403 when the token expires', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const socket = await RawSocket.of(doctor, 5)
    await socket.subscribe('s', 'subscription { newMessages { body } }')
    while (socket.of('s').length === 0) await patient.send(conversationId, 'in time')
    expect(await socket.ended).toEqual({ code: 4403, reason: 'Forbidden' })
    expect(socket.of('s')[0]).toEqual({
      id: 's',
      type: 'next',
      payload: { data: { newMessages: { body: 'in time' } } },
    })
    expect(new Set(socket.of('s').map(({ type }) => type))).toEqual(new Set(['next']))
  })

  test('over SSE with UNAUTHENTICATED, then complete', async () => {
    const { doctor } = await world.pair()
    const sse = await SseStream.open(doctor, document, {}, { seconds: 2 })
    await expect.poll(() => sse.isOver, { timeout: 7000 }).toBe(true)
    expect(sse.events).toEqual([
      {
        event: 'next',
        data: {
          data: null,
          errors: [
            {
              message: 'Sign in again.',
              path: ['newMessages'],
              locations: [expect.anything()],
              extensions: { code: 'UNAUTHENTICATED' },
            },
          ],
        },
      },
      { event: 'complete', data: null },
    ])
  })

  test('within five seconds of a deactivation', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const socket = await RawSocket.of(doctor)
    await socket.subscribe('s', 'subscription { newMessages { body } }')
    const sse = await overSse(doctor, null)
    while (socket.of('s').length === 0 || sse.heard().length === 0) await patient.send(conversationId, 'live')
    await doctor.upsert({ isActive: false })
    const deadline = performance.now() + 5000
    expect(await socket.ended).toEqual({ code: 4403, reason: 'Forbidden' })
    await expect.poll(() => sse.isOver(), { timeout: 5000 }).toBe(true)
    expect(performance.now()).toBeLessThan(deadline)
    expect(sse.errors()).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
  })
})
