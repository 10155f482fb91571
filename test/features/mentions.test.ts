import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recorded, told } from '../support/effects.js'
import { invalidAt, notFound } from '../support/outcomes.js'
import type { Person } from '../support/person.js'
import { countRows } from '../support/rows.js'
import { World } from '../support/world.js'

let world: World
let owner: Person
let staff: Person
let other: Person
let left: Person
let never: Person
let groupId: string

beforeAll(async () => {
  world = await World.start()
  owner = await world.person('DOCTOR')
  staff = await world.person('STAFF')
  other = await world.person('STAFF')
  left = await world.person('STAFF')
  never = await world.person('STAFF')
  groupId = await world.group(owner, [staff, other, left])
  await left.mutate('removeParticipant', { conversationId: groupId, userId: left.id })
})
afterAll(() => world[Symbol.asyncDispose]())

const rowId = (id: string) => Buffer.from(id, 'base64url').toString().split(':')[1] ?? ''
const idOf = (type: string, row: string) => Buffer.from(`${type}:${row}`).toString('base64url')

async function mentionsOf(as: Person, id: string): Promise<string[] | null> {
  const { node } = await as.must<{ node: { mentions: { externalId: string }[] } | null }>(
    'query ($id: ID!) { node(id: $id) { ... on Message { mentions { externalId } } } }',
    { id },
  )
  return node?.mentions.map(({ externalId }) => externalId).sort() ?? null
}

const names = (...people: Person[]) => people.map(({ externalId }) => externalId).sort()

describe('who is mentioned', () => {
  test('is shown to all, each once, oneself too', async () => {
    const mentionIds = [other.id, staff.id, other.id, owner.id, staff.id]
    const { id } = await owner.send(groupId, 'You three.', { mentionIds })
    for (const person of [owner, staff, other])
      expect(await mentionsOf(person, id)).toEqual(names(owner, staff, other))
    expect(
      await world.sql('SELECT count(*)::int AS rows FROM mentions WHERE message_id = $1::uuid', [rowId(id)]),
    ).toEqual([{ rows: 3 }])
  })

  test('is in the answer and in the update', async () => {
    const stream = other.socket().iterate<{ updates: object }>({
      query:
        'subscription { updates { change { __typename ... on MessageSent { message { id mentions { externalId } } } } } }',
    })
    await stream.next()
    const sent = await owner.mutate(
      'sendMessage',
      {
        conversationId: groupId,
        clientMessageId: crypto.randomUUID(),
        body: 'You.',
        mentionIds: [staff.id],
      },
      'message { id mentions { externalId } }',
    )
    const message = { id: expect.any(String), mentions: [{ externalId: staff.externalId }] }
    expect(sent).toEqual({ __typename: 'SendMessagePayload', message })
    expect((await stream.next()).value?.data?.updates).toEqual({
      change: { __typename: 'MessageSent', message: sent.message },
    })
    await other.close()
  })

  test('in DIRECT, by either', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    for (const [by, whom] of [
      [patient, doctor],
      [doctor, patient],
    ] as const) {
      const { id } = await by.send(conversationId, 'You.', { mentionIds: [whom.id] })
      expect(await mentionsOf(whom, id)).toEqual(names(whom))
    }
  })

  test.each([null, []])('with %j it is nobody', async (mentionIds) => {
    const { id } = await owner.send(groupId, 'Nobody in particular.', { mentionIds })
    expect(await mentionsOf(staff, id)).toEqual([])
  })

  test('stays so after they have left', async () => {
    const leaver = await world.person('STAFF')
    await owner.mutate('addParticipants', { conversationId: groupId, userIds: [leaver.id] })
    const { id } = await owner.send(groupId, 'You.', { mentionIds: [leaver.id, staff.id] })
    await leaver.mutate('removeParticipant', { conversationId: groupId, userId: leaver.id })
    for (const person of [staff, leaver]) expect(await mentionsOf(person, id)).toEqual(names(leaver, staff))
    expect((await owner.trySend(groupId, 'You again.', { mentionIds: [leaver.id] })).code).toBe('NOT_FOUND')
  })

  test('stays so when the text is edited', async () => {
    const { id } = await owner.send(groupId, 'You.', { mentionIds: [staff.id] })
    await owner.mutate('editMessage', { messageId: id, body: 'You there.' })
    expect(await mentionsOf(other, id)).toEqual(names(staff))
  })

  test('goes with a tombstone', async () => {
    const { id } = await owner.send(groupId, 'You.', { mentionIds: [staff.id] })
    await owner.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' })
    expect(await mentionsOf(staff, id)).toEqual([])
    expect(await world.sql('SELECT 1 FROM mentions WHERE message_id = $1::uuid', [rowId(id)])).toEqual([])
  })
})

describe('whoever takes no part now', () => {
  test.each([
    ['has left', () => left.id],
    ['never did', () => never.id],
    ['is nobody', () => idOf('User', '00000000-0000-7000-8000-000000000000')],
    ['is something else', () => idOf('Message', staff.rowId)],
    ['has no id', () => 'nothing'],
  ])('is NOT_FOUND, and nothing is said: who %s', async (_, id) => {
    const before = await countRows(world)
    const doing = async () => {
      for (const mentionIds of [[id()], [staff.id, id()]])
        expect(await owner.trySend(groupId, 'You.', { mentionIds })).toEqual(notFound)
    }
    expect(await told([owner, staff], doing)).toEqual([[], []])
    expect(await countRows(world)).toEqual(before)
  })

  test('nobody outside tells from it who exists', async () => {
    const outsider = await world.person('DOCTOR')
    for (const mentionIds of [[staff.id], [never.id], ['nothing']])
      expect(await outsider.trySend(groupId, 'You.', { mentionIds })).toEqual(notFound)
  })

  test('who has left is refused the same way whoever is mentioned', async () => {
    expect((await left.trySend(groupId, 'You.', { mentionIds: [staff.id] })).reasons).toEqual([
      'NOT_A_PARTICIPANT',
    ])
    expect((await left.trySend(groupId, 'You.', { mentionIds: [never.id] })).reasons).toEqual([
      'NOT_A_PARTICIPANT',
    ])
  })

  test('the refusal is on record', async () => {
    const sending = () => owner.trySend(groupId, 'You.', { mentionIds: [never.id] })
    expect(await recorded(owner, sending)).toEqual([
      { action: 'message.send', outcome: 'DENIED', subject: `Conversation ${rowId(groupId)}`, messages: [] },
    ])
  })
})

describe('how many', () => {
  test('51 are INVALID_INPUT, whoever they are, before anything else', async () => {
    const many = (count: number, id: string) => Array.from({ length: count }, () => id)
    for (const id of [staff.id, 'nothing'])
      expect(await owner.trySend(groupId, 'All.', { mentionIds: many(51, id) })).toEqual(
        invalidAt('mentionIds'),
      )
    expect(await owner.trySend('nothing', 'All.', { mentionIds: many(51, staff.id) })).toEqual(
      invalidAt('mentionIds'),
    )
    const { id } = await owner.send(groupId, 'You.', { mentionIds: many(50, staff.id) })
    expect(await mentionsOf(staff, id)).toEqual(names(staff))
  })
})
