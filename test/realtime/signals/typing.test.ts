import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisUrl } from '../../support/cluster.js'
import type { Person } from '../../support/person.js'
import { Signals, typingDocument, typistsIn } from '../../support/signals.js'
import { SseStream } from '../../support/sse.js'
import { World } from '../../support/world.js'

const redis = redisUrl()
const transports = [
  ['one node, within the process', {}, 0],
  ...(redis === null ? [] : [['two nodes over Redis', { nodes: 2, redisUrl: redis }, 1] as const]),
] as const

const say = (person: Person, conversationId: string, isTyping = true) =>
  person.mutate('setTyping', { conversationId, isTyping }, 'conversationId expiresAt')

describe.each(transports)('typing: %s', (_, options, otherNode) => {
  let world: World
  beforeAll(async () => {
    world = await World.start(options)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('the state first, then the whole list at every change, the viewer left out', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, otherNode)
    const seen = Signals.typing(doctor, conversationId)
    await seen.until((all) => typistsIn(all, conversationId) === '', 'the state')
    const before = Date.now()
    const answer = await say(patient, conversationId)
    expect(answer).toEqual({ __typename: 'SetTypingPayload', conversationId, expiresAt: expect.any(String) })
    expect(new Date(String(answer.expiresAt)).getTime()).toBeGreaterThanOrEqual(before + 6000)
    await seen.until((all) => typistsIn(all, conversationId) === patient.externalId, 'the patient')
    expect(await say(patient, conversationId, false)).toEqual({
      __typename: 'SetTypingPayload',
      conversationId,
      expiresAt: null,
    })
    await seen.until((all) => typistsIn(all, conversationId) === '', 'nobody')
    await say(doctor, conversationId)
    await say(patient, conversationId)
    await seen.until((all) => typistsIn(all, conversationId) === patient.externalId, 'the patient again')
    expect(seen.all.map(({ typists }) => typists.map(({ externalId }) => externalId))).toEqual([
      [],
      [patient.externalId],
      [],
      [patient.externalId],
    ])
    await doctor.close()
  })

  test('a newcomer finds who types, in a subscription and in the query', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, otherNode)
    const witness = Signals.typing(doctor, conversationId)
    await say(patient, conversationId)
    await witness.until((all) => typistsIn(all, conversationId) === patient.externalId, 'the patient')
    const late = Signals.typing(doctor, null)
    await late.until((all) => typistsIn(all, conversationId) === patient.externalId, 'the patient')
    expect(late.all).toHaveLength(1)
    const { conversation } = await doctor.must<{ conversation: unknown }>(
      `{ conversation(id: "${conversationId}") { typists { externalId } } }`,
    )
    expect(conversation).toEqual({ typists: [{ externalId: patient.externalId }] })
    const own = await patient.must<{ conversation: unknown }>(
      `{ conversation(id: "${conversationId}") { typists { externalId } } }`,
    )
    expect(own).toEqual({ conversation: { typists: [] } })
    await doctor.close()
  })

  test('who does not repeat it has stopped after six seconds; who does goes on', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, otherNode)
    const seen = Signals.typing(doctor, conversationId)
    await seen.until((all) => all.length === 1, 'the state')
    const began = Date.now()
    await say(patient, conversationId)
    await seen.until((all) => typistsIn(all, conversationId) === patient.externalId, 'the patient')
    const sayAgain = async () => {
      await say(patient, conversationId)
      return Date.now() - began
    }
    await expect.poll(sayAgain, { interval: 2000, timeout: 20_000 }).toBeGreaterThan(7000)
    expect(seen.all).toHaveLength(2)
    await seen.until((all) => typistsIn(all, conversationId) === '', 'nobody')
    expect(Date.now() - began).toBeGreaterThan(12_500)
    expect(seen.all).toHaveLength(3)
    await doctor.close()
  })

  test('a message ends it, and so does the connection on which it was said', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, otherNode)
    const seen = Signals.typing(doctor, null)
    await say(patient, conversationId)
    await seen.until((all) => typistsIn(all, conversationId) === patient.externalId, 'the patient')
    await patient.at(otherNode).send(conversationId, 'Here I am')
    await seen.until((all) => typistsIn(all, conversationId) === '', 'nobody', 3000)
    const socket = patient.socket()
    // Something that keeps the socket open, as an app does.
    new Signals(socket, typingDocument, { conversationId })
    for await (const _ of socket.iterate({
      query:
        'mutation ($input: SetTypingInput!) { setTyping(input: $input) { ... on SetTypingPayload { expiresAt } ... on Error { code detail } } }',
      variables: { input: { conversationId, isTyping: true } },
    }));
    await seen.until((all) => typistsIn(all, conversationId) === patient.externalId, 'the patient')
    await socket.dispose()
    await seen.until((all) => typistsIn(all, conversationId) === '', 'nobody', 3000)
    await doctor.close()
  })

  test('in a group everybody but the typist, the stranger, the former member and whom a block parts', async () => {
    const owner = await world.person('DOCTOR')
    const members = await Promise.all(
      ['STAFF', 'STAFF', 'CAREGIVER', 'STAFF'].map((role) => world.person(role as 'STAFF')),
    )
    const [typist, watcher, blocker, former] = members as [Person, Person, Person, Person]
    const stranger = await world.person('DOCTOR', otherNode)
    const conversationId = await world.group(owner, members)
    await owner.mutate('removeParticipant', { conversationId, userId: former.id })
    await blocker.mutate('blockUser', { userId: typist.id })
    const seenBy = (person: Person) => Signals.typing(person.at(otherNode), null)
    const [watching, blocking, left, strange, own] = [watcher, blocker, former, stranger, typist].map(seenBy)
    const everybody = [watching, blocking, left, strange, own] as Signals<never>[]
    await say(owner, conversationId)
    await (watching as ReturnType<typeof seenBy>).until(
      (all) => typistsIn(all, conversationId) === owner.externalId,
      'the owner',
    )
    await say(typist, conversationId)
    await (watching as ReturnType<typeof seenBy>).until(
      (all) => typistsIn(all, conversationId) === `${owner.externalId},${typist.externalId}`,
      'both',
    )
    await say(owner, conversationId, false)
    await (blocking as ReturnType<typeof seenBy>).until(
      (all) => typistsIn(all, conversationId) === '',
      'nobody',
    )
    await (own as ReturnType<typeof seenBy>).until((all) => typistsIn(all, conversationId) === '', 'nobody')
    const namesIn = everybody.map(({ all }) =>
      (all as { typists: { externalId: string }[] }[]).map(({ typists }) =>
        typists.map(({ externalId }) => externalId).join(),
      ),
    )
    expect(namesIn[1]).toEqual([owner.externalId, ''])
    expect(namesIn[2]).toEqual([])
    expect(namesIn[3]).toEqual([])
    expect(namesIn[4]).toEqual([owner.externalId, ''])
    expect(everybody.flatMap(({ errors }) => errors)).toEqual([])
    for (const person of [watcher, blocker, former, stranger, typist]) await person.close()
  })

  test('who has left hears that those whom they saw typing have stopped, and no more', async () => {
    const owner = await world.person('DOCTOR')
    const former = await world.person('STAFF', otherNode)
    const conversationId = await world.group(owner, [former])
    const seen = Signals.typing(former, null)
    const witness = Signals.typing(former, conversationId)
    await witness.until((all) => all.length === 1, 'the state')
    await say(owner, conversationId)
    await seen.until((all) => typistsIn(all, conversationId) === owner.externalId, 'the owner')
    await owner.mutate('removeParticipant', { conversationId, userId: former.id })
    await say(owner, conversationId, false)
    await seen.until((all) => typistsIn(all, conversationId) === '', 'nobody')
    await say(owner, conversationId)
    await owner.send(conversationId, 'Among ourselves')
    await say(owner, conversationId, false)
    expect(seen.all).toHaveLength(2)
    await former.close()
  })

  test('what is sent while a keystroke is still under way ends it', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, otherNode)
    const seen = Signals.typing(doctor, conversationId)
    await seen.until((all) => all.length === 1, 'the state')
    for (let n = 0; n < 10; n++) {
      const typing = say(patient, conversationId)
      await patient.send(conversationId, `Message ${n}`)
      await typing
    }
    await expect
      .poll(async () =>
        doctor.must(`query ($id: ID!) { conversation(id: $id) { typists { id } } }`, { id: conversationId }),
      )
      .toEqual({ conversation: { typists: [] } })
    await seen.until((all) => typistsIn(all, conversationId) === '', 'nobody', 3000)
    await doctor.close()
  })

  test('who keeps it to themselves, or is INVISIBLE, is not shown; who turns it off is no longer shown', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, otherNode)
    const seen = Signals.typing(doctor, conversationId)
    await seen.until((all) => all.length === 1, 'the state')
    const silent = { __typename: 'SetTypingPayload', conversationId, expiresAt: null }
    await say(patient, conversationId)
    await seen.until((all) => typistsIn(all, conversationId) === patient.externalId, 'the patient')
    await patient.mutate('updatePrivacy', { sendTyping: false })
    await seen.until((all) => typistsIn(all, conversationId) === '', 'nobody', 3000)
    expect(await say(patient, conversationId)).toEqual(silent)
    await patient.mutate('updatePrivacy', { sendTyping: true })
    await patient.mutate('setAvailability', { availability: 'INVISIBLE' })
    expect(await say(patient, conversationId)).toEqual(silent)
    await patient.mutate('setAvailability', { availability: 'AVAILABLE' })
    await say(patient, conversationId)
    await seen.until((all) => typistsIn(all, conversationId) === patient.externalId, 'the patient')
    await patient.mutate('setAvailability', { availability: 'INVISIBLE' })
    await seen.until((all) => typistsIn(all, conversationId) === '', 'nobody', 3000)
    expect(seen.all).toHaveLength(5)
    await doctor.close()
  })

  test('who may not send may not type, and whatever ends the right to send ends it', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, otherNode)
    const stranger = await world.person('DOCTOR')
    expect(await say(stranger, conversationId)).toMatchObject({ code: 'NOT_FOUND' })
    const seen = Signals.typing(doctor, conversationId)
    await say(patient, conversationId)
    await seen.until((all) => typistsIn(all, conversationId) === patient.externalId, 'the patient')
    await doctor.mutate('closeConversation', { conversationId })
    await seen.until((all) => typistsIn(all, conversationId) === '', 'nobody', 3000)
    expect(await say(patient, conversationId)).toMatchObject({
      code: 'CANNOT_SEND',
      reasons: ['CONVERSATION_CLOSED'],
    })
    await doctor.close()
  })

  test('a conversation that is not the viewer’s is NOT_FOUND; over SSE it is the same stream', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, otherNode)
    const stranger = await world.person('DOCTOR')
    const refused = Signals.typing(stranger, conversationId)
    await refused.ended()
    expect(refused.errors).toEqual([
      expect.objectContaining({ path: ['typing'], extensions: { code: 'NOT_FOUND' } }),
    ])
    const stream = await SseStream.open(doctor, typingDocument, { conversationId })
    await expect.poll(() => stream.results.length).toBe(1)
    await say(patient, conversationId)
    await expect
      .poll(() => stream.results)
      .toEqual([
        { data: { typing: { conversationId, conversation: { id: conversationId }, typists: [] } } },
        {
          data: {
            typing: {
              conversationId,
              conversation: { id: conversationId },
              typists: [{ externalId: patient.externalId }],
            },
          },
        },
      ])
    await stream.close()
    await stranger.close()
  })
})
