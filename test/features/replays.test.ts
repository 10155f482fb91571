import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { countRows } from '../support/rows.js'
import { World } from '../support/world.js'

let world: World
let patient: Person
let doctor: Person
let conversationId: string

beforeAll(async () => {
  world = await World.start()
  const pair = await world.pair()
  patient = pair.patient
  doctor = pair.doctor
  conversationId = pair.conversationId
})
afterAll(() => world[Symbol.asyncDispose]())

const conflict = {
  __typename: 'ConflictError',
  code: 'CONFLICT',
  detail: 'This clientMessageId was used before for another message.',
}

test('the same key and content is the original, and writes nothing', async () => {
  const clientMessageId = randomUUID()
  const first = await patient.trySend(conversationId, 'Once.', { clientMessageId })
  const before = await countRows(world)
  for (const key of [clientMessageId, clientMessageId.toUpperCase()]) {
    const again = await patient.trySend(conversationId, 'Once.', { clientMessageId: key })
    expect(again).toEqual({ ...first, replayed: true })
  }
  expect(first).toMatchObject({ replayed: false, message: { clientMessageId } })
  expect(await countRows(world)).toEqual(before)
})

test('the same key with another body or another replyTo is CONFLICT, closed or not', async () => {
  const clientMessageId = randomUUID()
  const asked = await doctor.send(conversationId, 'How are you?')
  await patient.send(conversationId, 'Well.', { clientMessageId })
  const before = await countRows(world)
  const different = () => patient.trySend(conversationId, 'Unwell.', { clientMessageId })
  expect(await different()).toEqual(conflict)
  expect(await patient.trySend(conversationId, 'Well.', { clientMessageId, replyToId: asked.id })).toEqual(
    conflict,
  )
  expect(await patient.trySend(conversationId, 'Well. ', { clientMessageId })).toEqual(conflict)
  expect(await countRows(world)).toEqual(before)

  await doctor.mutate('closeConversation', { conversationId })
  expect(await different()).toEqual(conflict)
  const replay = await patient.trySend(conversationId, 'Well.', { clientMessageId })
  expect(replay).toMatchObject({ replayed: true, message: { body: 'Well.' } })
  await doctor.mutate('reopenConversation', { conversationId })
})

test('a key belongs to its sender and its conversation', async () => {
  const clientMessageId = randomUUID()
  const group = await world.group(doctor, [patient], patient)
  const mine = await patient.trySend(conversationId, 'Mine.', { clientMessageId })
  const theirs = await doctor.trySend(conversationId, 'Theirs.', { clientMessageId })
  const elsewhere = await patient.trySend(group, 'Elsewhere.', { clientMessageId })
  expect([mine, theirs, elsewhere].map((sent) => sent.replayed)).toEqual([false, false, false])
})

test('after an edit it is compared with what was first sent, and answers with what it says now', async () => {
  const clientMessageId = randomUUID()
  const { id } = await patient.send(conversationId, 'As first sent.', { clientMessageId })
  await patient.mutate('editMessage', { messageId: id, body: 'As edited.' })
  await patient.mutate('editMessage', { messageId: id, body: 'As edited twice.' })
  expect(await patient.trySend(conversationId, 'As first sent.', { clientMessageId })).toMatchObject({
    replayed: true,
    message: { id, body: 'As edited twice.' },
  })
  expect(await patient.trySend(conversationId, 'As edited twice.', { clientMessageId })).toEqual(conflict)
})

test('after deletion nothing is compared, and the tombstone returns', async () => {
  const clientMessageId = randomUUID()
  const { id } = await patient.send(conversationId, 'Soon gone.', { clientMessageId })
  await patient.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' })
  for (const body of ['Soon gone.', 'Something else.']) {
    expect(await patient.trySend(conversationId, body, { clientMessageId })).toMatchObject({
      __typename: 'SendMessagePayload',
      replayed: true,
      message: { id, body: null, deletedAt: expect.any(String), deletedBy: { id: patient.id } },
    })
  }
})

test('what its sender hid from themselves is still the original', async () => {
  const clientMessageId = randomUUID()
  const { id } = await patient.send(conversationId, 'Hidden.', { clientMessageId })
  await patient.mutate('deleteMessage', { messageId: id, scope: 'ME' })
  expect(await patient.trySend(conversationId, 'Hidden.', { clientMessageId })).toMatchObject({
    replayed: true,
    message: { id, body: 'Hidden.' },
  })
  expect((await patient.history(conversationId)).some((message) => message.id === id)).toBe(false)
})

test('after removal it answers with the original; a new key is refused', async () => {
  const clientMessageId = randomUUID()
  const staff = await world.person('STAFF')
  const group = await world.group(doctor, [staff])
  const { id } = await staff.send(group, 'Before I go.', { clientMessageId })
  await doctor.mutate('removeParticipant', { conversationId: group, userId: staff.id })
  expect(await staff.trySend(group, 'Before I go.', { clientMessageId })).toMatchObject({
    replayed: true,
    message: { id, body: 'Before I go.', sequence: 1 },
  })
  expect(await staff.trySend(group, 'After I went.')).toEqual({
    __typename: 'CannotSendError',
    code: 'CANNOT_SEND',
    detail: 'Messages cannot be sent here now.',
    reasons: ['NOT_A_PARTICIPANT'],
  })
})

test('readUpToMessageId acts on a replay, too', async () => {
  const pair = await world.pair()
  const clientMessageId = randomUUID()
  await pair.patient.send(pair.conversationId, 'One.')
  const two = await pair.patient.send(pair.conversationId, 'Two.')
  await pair.doctor.send(pair.conversationId, 'An answer.', { clientMessageId })
  const where = () =>
    pair.doctor.must('query ($id: ID!) { conversation(id: $id) { unreadCount lastReadSequence } }', {
      id: pair.conversationId,
    })
  expect(await where()).toEqual({ conversation: { unreadCount: 2, lastReadSequence: null } })
  const replay = await pair.doctor.trySend(pair.conversationId, 'An answer.', {
    clientMessageId,
    readUpToMessageId: two.id,
  })
  expect(replay).toMatchObject({ replayed: true, message: { body: 'An answer.' } })
  expect(await where()).toEqual({ conversation: { unreadCount: 0, lastReadSequence: 2 } })
})

test('mentions are compared as first sent, in any order; priority is, too', async () => {
  const [staff, other] = [await world.person('STAFF'), await world.person('STAFF')]
  const group = await world.group(doctor, [staff, other])
  const clientMessageId = randomUUID()
  const mentionIds = [staff.id, other.id]
  const first = await doctor.trySend(group, 'You two.', { clientMessageId, mentionIds, priority: 'URGENT' })
  expect(first).toMatchObject({ replayed: false })
  const before = await countRows(world)
  const again = (more: Record<string, unknown>) =>
    doctor.trySend(group, 'You two.', { clientMessageId, mentionIds, priority: 'URGENT', ...more })

  for (const same of [mentionIds, mentionIds.toReversed(), [...mentionIds, staff.id]])
    expect(await again({ mentionIds: same })).toEqual({ ...first, replayed: true })
  for (const different of [
    [staff.id],
    [...mentionIds, doctor.id],
    [staff.id, doctor.id],
    ['nothing'],
    [],
    null,
  ])
    expect(await again({ mentionIds: different })).toEqual(conflict)
  for (const priority of ['ROUTINE', null]) expect(await again({ priority })).toEqual(conflict)
  expect(await countRows(world)).toEqual(before)

  // As first sent: neither an edit nor that somebody has left since makes another message of it.
  const { id } = first.message as { id: string }
  await doctor.mutate('editMessage', { messageId: id, body: 'You two, please.' })
  await other.mutate('removeParticipant', { conversationId: group, userId: other.id })
  expect(await again({})).toMatchObject({ replayed: true, message: { id, body: 'You two, please.' } })
  expect(await again({ mentionIds: [staff.id] })).toEqual(conflict)

  // Of a tombstone nothing is left to compare.
  await doctor.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' })
  for (const more of [{}, { mentionIds: [] }, { priority: 'ROUTINE' }])
    expect(await again(more)).toMatchObject({ replayed: true, message: { id, body: null } })
})

test('what was sent to nobody in particular, as it comes, says so in any of its forms', async () => {
  const clientMessageId = randomUUID()
  const first = await patient.trySend(conversationId, 'As it comes.', { clientMessageId })
  for (const more of [{ mentionIds: [] }, { mentionIds: null }, { priority: null }, { priority: 'ROUTINE' }])
    expect(await patient.trySend(conversationId, 'As it comes.', { clientMessageId, ...more })).toEqual({
      ...first,
      replayed: true,
    })
  for (const more of [{ mentionIds: [doctor.id] }, { priority: 'URGENT' }])
    expect(await patient.trySend(conversationId, 'As it comes.', { clientMessageId, ...more })).toEqual(
      conflict,
    )
})

test('what its reader has put on it changes nothing about a repeated send', async () => {
  const clientMessageId = randomUUID()
  const { id } = await patient.send(conversationId, 'Marked.', { clientMessageId })
  await doctor.mutate('addReaction', { messageId: id, emoji: '👍' })
  await doctor.mutate('pinMessage', { messageId: id })
  const replay = await patient.mutate(
    'sendMessage',
    { conversationId, clientMessageId, body: 'Marked.' },
    'replayed message { id pinnedAt reactions { emoji count } }',
  )
  expect(replay).toEqual({
    __typename: 'SendMessagePayload',
    replayed: true,
    message: { id, pinnedAt: expect.any(String), reactions: [{ emoji: '👍', count: 1 }] },
  })
})
