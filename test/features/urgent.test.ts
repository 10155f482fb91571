import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisUrl } from '../support/cluster.js'
import { recorded, told } from '../support/effects.js'
import { invalidAt, notFound, outcomeOf } from '../support/outcomes.js'
import type { Person, Result } from '../support/person.js'
import { countRows } from '../support/rows.js'
import { type Role, World } from '../support/world.js'

let world: World
beforeAll(async () => {
  const url = redisUrl()
  world = await World.start({ nodes: 2, ...(url === null ? {} : { redisUrl: url }) })
})
afterAll(() => world[Symbol.asyncDispose]())

const rowId = (id: string) => Buffer.from(id, 'base64url').toString().split(':')[1] ?? ''
const forbidden = (detail: string) => ({ __typename: 'ForbiddenError', code: 'FORBIDDEN', detail })
const urgently = (by: Person, conversationId: string, more: Record<string, unknown> = {}) =>
  by.trySend(conversationId, 'Now!', { priority: 'URGENT', ...more })
const mustUrgently = async (by: Person, conversationId: string) =>
  (await by.send(conversationId, 'Now!', { priority: 'URGENT' })).id

/** Lets time pass for what the person has sent. */
const age = (by: Person, seconds: number) =>
  world.sql(
    'UPDATE messages SET sent_at = sent_at - make_interval(secs => $2::float8) WHERE sender_id = $1::uuid',
    [by.rowId, seconds],
  )

/** Somebody of this role and a group that they take part in, with others. */
async function member(role: Role) {
  const owner = await world.person('DOCTOR', 1)
  const colleague = await world.person('STAFF', 1)
  const person = role === 'DOCTOR' ? owner : await world.person(role)
  if (role === 'PATIENT') await world.appointment(person, owner)
  const others = person === owner ? [colleague] : [colleague, person]
  const groupId = await world.group(owner, others, role === 'PATIENT' ? person : undefined)
  return { owner, colleague, person, groupId }
}

const limited = {
  __typename: 'RateLimitedError',
  code: 'RATE_LIMITED',
  detail: 'Only three messages an hour may be urgent. It can be sent as a routine one now.',
  retryAfterSeconds: expect.any(Number),
}

/** A refusal that lasts about this long. */
function expectLimited(result: Result, seconds: number): void {
  expect(result).toEqual(limited)
  expect(result.retryAfterSeconds).toBeGreaterThan(seconds - 30)
  expect(result.retryAfterSeconds).toBeLessThanOrEqual(seconds)
}

test('an URGENT message says so to all; a message without a priority is ROUTINE', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  await mustUrgently(patient, conversationId)
  await doctor.send(conversationId, 'As it comes.')
  await doctor.send(conversationId, 'As it comes, too.', { priority: 'ROUTINE' })
  await doctor.send(conversationId, 'And this.', { priority: null })
  for (const person of [patient, doctor])
    expect(
      await person.must(
        'query ($id: ID!) { conversation(id: $id) { messages(first: 9) { edges { node { priority acknowledgements { at } } } } } }',
        { id: conversationId },
      ),
    ).toEqual({
      conversation: {
        messages: {
          edges: ['URGENT', 'ROUTINE', 'ROUTINE', 'ROUTINE'].map((priority) => ({
            node: { priority, acknowledgements: [] },
          })),
        },
      },
    })
})

describe('how often', () => {
  test.each(['PATIENT', 'CAREGIVER'] as const)(
    'a %s sends three an hour, in all conversations together',
    async (role) => {
      const { owner, person, groupId } = await member(role)
      const places = [groupId, groupId]
      if (role === 'PATIENT') places.push(await owner.open(person))
      else places.push(await world.group(owner, [person]))
      const [, , elsewhere = ''] = places
      for (const [index, place] of places.entries())
        expect(outcomeOf(await urgently(person.at(index % 2), place))).toBe('ok')

      for (const place of places) expectLimited(await urgently(person.at(1), place), 3600)
      // What is not urgent goes on being said.
      expect((await person.trySend(elsewhere, 'As it comes.')).code).toBeUndefined()

      await age(person, 3000)
      expectLimited(await urgently(person, elsewhere), 600)
      await age(person, 601)
      for (const place of places) expect(outcomeOf(await urgently(person, place))).toBe('ok')
      expectLimited(await urgently(person, groupId), 3600)
    },
  )

  test('each of the three counts for an hour of its own', async () => {
    const { person, groupId } = await member('CAREGIVER')
    for (let count = 0; count < 3; count++) {
      await mustUrgently(person, groupId)
      await age(person, 1200)
    }
    // The first was sent an hour ago, the second 40 minutes ago, the third 20 minutes ago.
    expect(outcomeOf(await urgently(person, groupId))).toBe('ok')
    expectLimited(await urgently(person, groupId), 1200)
  })

  test.each(['DOCTOR', 'STAFF'] as const)('a %s as often as they need', async (role) => {
    const { person, colleague, groupId } = await member(role)
    const sender = role === 'STAFF' ? colleague : person
    for (let count = 0; count < 5; count++) expect(outcomeOf(await urgently(sender, groupId))).toBe('ok')
  })

  test.each([1, 2, 3])('five at once over two nodes are three', async () => {
    const { owner, person, groupId } = await member('PATIENT')
    const direct = await owner.open(person)
    const results = await Promise.all(
      [groupId, direct, groupId, direct, groupId].map((place, index) =>
        urgently(person.at(index % 2), place),
      ),
    )
    expect(results.map(outcomeOf).sort()).toEqual(['RATE_LIMITED', 'RATE_LIMITED', 'ok', 'ok', 'ok'])
    for (const result of results.filter(({ code }) => code)) expectLimited(result, 3600)
    expect(
      await world.sql(
        `SELECT count(*)::int AS sent FROM messages WHERE sender_id = $1::uuid AND priority = 'URGENT'`,
        [person.rowId],
      ),
    ).toEqual([{ sent: 3 }])
  })

  test('five at once with one key are one', async () => {
    const { person, groupId } = await member('PATIENT')
    const clientMessageId = randomUUID()
    const results = await Promise.all(
      [0, 1, 0, 1, 0].map((node) => urgently(person.at(node), groupId, { clientMessageId })),
    )
    expect(results.map((result) => [outcomeOf(result), result.replayed]).sort()).toEqual([
      ['ok', false],
      ...Array.from({ length: 4 }, () => ['ok', true]),
    ])
    for (let count = 0; count < 2; count++) expect(outcomeOf(await urgently(person, groupId))).toBe('ok')
    expectLimited(await urgently(person, groupId), 3600)
  })

  test('one that is refused leaves no trace but the record, and its key is free', async () => {
    const { owner, colleague, person, groupId } = await member('CAREGIVER')
    const asked = await owner.send(groupId, 'How are you?')
    for (let count = 0; count < 3; count++) await mustUrgently(person, groupId)
    const clientMessageId = randomUUID()
    const again = () =>
      urgently(person, groupId, {
        clientMessageId,
        replyToId: asked.id,
        mentionIds: [owner.id],
        readUpToMessageId: asked.id,
      })
    const before = await countRows(world)
    let entries: unknown[] = []
    const doing = async () => {
      entries = await recorded(person, async () => expectLimited(await again(), 3600))
    }
    expect(await told([owner, colleague, person], doing)).toEqual([[], [], []])
    expect(await countRows(world)).toEqual(before)
    expect(entries).toEqual([
      { action: 'message.send', outcome: 'DENIED', subject: `Conversation ${rowId(groupId)}`, messages: [] },
    ])
    expect(
      await person.must('query ($id: ID!) { conversation(id: $id) { unreadCount lastReadSequence } }', {
        id: groupId,
      }),
    ).toEqual({ conversation: { unreadCount: 1, lastReadSequence: null } })
    expect(await person.trySend(groupId, 'Later will do.', { clientMessageId })).toMatchObject({
      replayed: false,
      message: { body: 'Later will do.', sequence: 5 },
    })
  })

  test('a repeated send answers with the original, limited or not', async () => {
    const { person, groupId } = await member('PATIENT')
    const keys = [randomUUID(), randomUUID(), randomUUID()]
    const originals: Result[] = []
    for (const clientMessageId of keys) originals.push(await urgently(person, groupId, { clientMessageId }))
    expectLimited(await urgently(person, groupId), 3600)
    for (const [index, clientMessageId] of keys.entries())
      expect(await urgently(person.at(1), groupId, { clientMessageId })).toEqual({
        ...originals[index],
        replayed: true,
      })
    expect((await person.trySend(groupId, 'Now!', { clientMessageId: keys[0] })).code).toBe('CONFLICT')
  })

  test('who can’t send, or may not see, is told that instead', async () => {
    const { owner, person, groupId } = await member('PATIENT')
    for (let count = 0; count < 3; count++) await mustUrgently(person, groupId)
    const foreign = await world.group(owner, [])
    expect(await urgently(person, foreign)).toEqual(notFound)
    expect(await urgently(person, groupId, { mentionIds: ['nobody'] })).toEqual(notFound)
    await owner.mutate('closeConversation', { conversationId: groupId })
    expect(outcomeOf(await urgently(person, groupId))).toBe('CANNOT_SEND [CONVERSATION_CLOSED]')
  })

  test('deleting what was urgent wins no place back', async () => {
    const { person, groupId } = await member('PATIENT')
    for (let count = 0; count < 3; count++) {
      const messageId = await mustUrgently(person, groupId)
      await person.mutate('deleteMessage', { messageId, scope: 'EVERYONE' })
    }
    expectLimited(await urgently(person, groupId), 3600)
  })
})

describe('acknowledging', () => {
  const shown = 'message { id acknowledgements { user { externalId } at } }'
  const acknowledge = (by: Person, messageId: string) => by.mutate('acknowledgeMessage', { messageId }, shown)

  interface Acknowledgement {
    readonly user: { readonly externalId: string }
    readonly at: string
  }
  async function acknowledgementsOf(as: Person, id: string): Promise<Acknowledgement[] | null> {
    const { node } = await as.must<{ node: { acknowledgements: Acknowledgement[] } | null }>(
      'query ($id: ID!) { node(id: $id) { ... on Message { acknowledgements { user { externalId } at } } } }',
      { id },
    )
    return node?.acknowledgements ?? null
  }

  test('lists who has taken note, in the order in which they did, with the times; twice is once', async () => {
    const { owner, colleague, person, groupId } = await member('PATIENT')
    const last = await world.person('STAFF')
    await owner.mutate('addParticipants', { conversationId: groupId, userIds: [last.id] })
    const id = await mustUrgently(person, groupId)
    const order = [colleague, last, owner]
    for (const each of order) {
      const result = await acknowledge(each, id)
      expect(result.__typename).toBe('AcknowledgeMessagePayload')
      expect(await acknowledge(each.at(0), id)).toEqual(result)
    }
    for (const each of [person, ...order]) {
      const list = await acknowledgementsOf(each, id)
      expect(list?.map(({ user }) => user.externalId)).toEqual(order.map(({ externalId }) => externalId))
      const times = list?.map(({ at }) => at) ?? []
      expect(times).toEqual(times.toSorted())
      for (const at of times) expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(60_000)
    }
  })

  test('tells the sender and one’s own devices, once, and nobody else', async () => {
    const { owner, colleague, person, groupId } = await member('PATIENT')
    const id = await mustUrgently(person, groupId)
    const lines = await told([owner, colleague, person], async () => {
      await acknowledge(colleague, id)
      await acknowledge(colleague, id)
    })
    const line = `MessageAcknowledged ${colleague.externalId}`
    expect(lines).toEqual([[], [line], [line]])
  })

  test('live, with the list as of now', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, 1)
    const id = await mustUrgently(patient, conversationId)
    const stream = patient.socket().iterate<{ updates: object }>({
      query: `subscription { updates { conversation { id } change { __typename
          ... on MessageAcknowledged { message { id acknowledgements { user { externalId } at } } user { externalId } } } } }`,
    })
    await stream.next()
    await acknowledge(doctor, id)
    const user = { externalId: doctor.externalId }
    expect((await stream.next()).value?.data?.updates).toEqual({
      conversation: { id: conversationId },
      change: {
        __typename: 'MessageAcknowledged',
        message: { id, acknowledgements: [{ user, at: expect.any(String) }] },
        user,
      },
    })
    await patient.close()
  })

  test('moves no counter and no read position', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const id = await mustUrgently(patient, conversationId)
    const state = () =>
      doctor.must(
        'query ($id: ID!) { viewer { unreadCount } conversation(id: $id) { unreadCount lastReadSequence isMarkedUnread } }',
        { id: conversationId },
      )
    const before = await state()
    await acknowledge(doctor, id)
    expect(await state()).toEqual(before)
  })

  test('a sender who has left is told nothing, nor do they show who joined later', async () => {
    const { owner, colleague, person, groupId } = await member('CAREGIVER')
    const id = await mustUrgently(person, groupId)
    await person.mutate('removeParticipant', { conversationId: groupId, userId: person.id })
    const late = await world.person('STAFF')
    await owner.mutate('addParticipants', { conversationId: groupId, userIds: [late.id] })
    const line = `MessageAcknowledged ${colleague.externalId}`
    expect(await told([person, colleague, owner], () => acknowledge(colleague, id))).toEqual([[], [line], []])
    expect(await acknowledgementsOf(person, id)).toEqual([
      { user: { externalId: colleague.externalId }, at: expect.any(String) },
    ])
    expect(await acknowledge(late, id)).toEqual(notFound)
  })

  test('is for others than the sender, who take part; open or closed', async () => {
    const { owner, colleague, person, groupId } = await member('CAREGIVER')
    const id = await mustUrgently(person, groupId)
    expect(await acknowledge(person, id)).toEqual(forbidden('Others acknowledge what the viewer has sent.'))
    await colleague.mutate('removeParticipant', { conversationId: groupId, userId: colleague.id })
    expect(await acknowledge(colleague, id)).toEqual(forbidden('Only who takes part acknowledges.'))
    await owner.mutate('closeConversation', { conversationId: groupId })
    expect((await acknowledge(owner, id)).code).toBeUndefined()
    for (const stranger of [await world.person('DOCTOR'), world.admin(), world.platform()])
      expect(await acknowledge(stranger, id)).toEqual(notFound)
    expect((await acknowledgementsOf(person, id))?.map(({ user }) => user.externalId)).toEqual([
      owner.externalId,
    ])
  })

  test('is of URGENT messages that one sees', async () => {
    const { owner, colleague, person, groupId } = await member('CAREGIVER')
    const routine = await person.send(groupId, 'As it comes.')
    expect(await acknowledge(owner, routine.id)).toEqual(invalidAt('messageId'))
    const late = await world.person('STAFF')
    await owner.mutate('addParticipants', { conversationId: groupId, userIds: [late.id] })
    const system = (await owner.history(groupId)).at(-1)
    expect(system?.kind).toBe('SYSTEM')
    expect(await acknowledge(owner, system?.id ?? '')).toEqual(invalidAt('messageId'))
    const id = await mustUrgently(person, groupId)
    await colleague.mutate('deleteMessage', { messageId: id, scope: 'ME' })
    for (const messageId of [id, 'nothing', groupId])
      expect(await acknowledge(colleague, messageId)).toEqual(notFound)
    // Not told apart from what does not exist by one who can’t see it.
    expect(await acknowledge(late, routine.id)).toEqual(notFound)
  })

  test('of a tombstone is FORBIDDEN; what was acknowledged before stays', async () => {
    const { owner, colleague, person, groupId } = await member('CAREGIVER')
    const id = await mustUrgently(person, groupId)
    await acknowledge(owner, id)
    await person.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' })
    expect(await acknowledge(colleague, id)).toEqual(forbidden('This message was deleted.'))
    expect((await acknowledgementsOf(colleague, id))?.map(({ user }) => user.externalId)).toEqual([
      owner.externalId,
    ])
  })

  test('each acknowledgement and each refusal is on record', async () => {
    const { owner, colleague, person, groupId } = await member('PATIENT')
    const stranger = await world.person('DOCTOR')
    const id = await mustUrgently(person, groupId)
    const entry = {
      action: 'message.acknowledge',
      outcome: 'ALLOWED',
      subject: `Message ${rowId(id)}`,
      messages: [rowId(id)],
    }
    expect(await recorded(owner, () => acknowledge(owner, id))).toEqual([entry])
    expect(await recorded(owner, () => acknowledge(owner, id))).toEqual([])
    await colleague.mutate('removeParticipant', { conversationId: groupId, userId: colleague.id })
    for (const each of [person, colleague, stranger])
      expect(await recorded(each, () => acknowledge(each, id))).toEqual([
        { ...entry, outcome: 'DENIED', messages: [] },
      ])
    expect(await recorded(owner, () => acknowledge(owner, 'nothing'))).toEqual([])
  })
})
