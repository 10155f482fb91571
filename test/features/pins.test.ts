import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recorded, told } from '../support/effects.js'
import { notFound } from '../support/outcomes.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(() => world[Symbol.asyncDispose]())

const rowId = (id: string) => Buffer.from(id, 'base64url').toString().split(':')[1] ?? ''
const forbidden = (detail: string) => ({ __typename: 'ForbiddenError', code: 'FORBIDDEN', detail })
const full = {
  __typename: 'ConflictError',
  code: 'CONFLICT',
  detail: 'At most 50 messages are pinned. Unpin one first.',
}

const shown = 'message { id pinnedAt } conversation { pinnedMessages { id } }'
const pin = (by: Person, messageId: string) => by.mutate('pinMessage', { messageId }, shown)
const unpin = (by: Person, messageId: string) => by.mutate('unpinMessage', { messageId }, shown)

async function pinsOf(as: Person, id: string): Promise<(string | null)[] | null> {
  const { conversation } = await as.must<{
    conversation: { pinnedMessages: { body: string | null; pinnedAt: string }[] } | null
  }>('query ($id: ID!) { conversation(id: $id) { pinnedMessages { body pinnedAt } } }', { id })
  if (!conversation) return null
  const times = conversation.pinnedMessages.map(({ pinnedAt }) => pinnedAt)
  expect(times).toEqual(times.toSorted().toReversed())
  return conversation.pinnedMessages.map(({ body }) => body)
}

async function team() {
  const [owner, doctor] = [await world.person('DOCTOR'), await world.person('DOCTOR')]
  const [staff, late] = [await world.person('STAFF'), await world.person('STAFF')]
  const groupId = await world.group(owner, [doctor, staff])
  return { owner, doctor, staff, late, groupId }
}

test('newest pin first, whatever their own order; pinned again it stays where it was', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const [one, two, three] = [
    await patient.send(conversationId, 'One.'),
    await doctor.send(conversationId, 'Two.'),
    await patient.send(conversationId, 'Three.'),
  ]
  for (const { id } of [two, three, one]) await pin(patient, id)
  expect(await pinsOf(doctor, conversationId)).toEqual(['One.', 'Three.', 'Two.'])
  const again = () => pin(doctor, two.id)
  expect(await told([patient, doctor], again)).toEqual([[], []])
  expect(await again()).toEqual({
    __typename: 'PinMessagePayload',
    message: { id: two.id, pinnedAt: expect.any(String) },
    conversation: { pinnedMessages: [{ id: one.id }, { id: three.id }, { id: two.id }] },
  })
  // Unpinned by another than who pinned it, and pinned anew, it comes first.
  expect(await unpin(doctor, two.id)).toEqual({
    __typename: 'UnpinMessagePayload',
    message: { id: two.id, pinnedAt: null },
    conversation: { pinnedMessages: [{ id: one.id }, { id: three.id }] },
  })
  expect((await unpin(patient, two.id)).code).toBeUndefined()
  await again()
  expect(await pinsOf(patient, conversationId)).toEqual(['Two.', 'One.', 'Three.'])
  await doctor.mutate('editMessage', { messageId: two.id, body: 'Two, edited.' })
  expect(await pinsOf(patient, conversationId)).toEqual(['Two, edited.', 'One.', 'Three.'])
})

test('50 fit in a conversation, the 51st is CONFLICT until a place is free', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const ids: string[] = []
  for (let count = 1; count <= 52; count++) ids.push((await patient.send(conversationId, `${count}`)).id)
  const [first = '', second = '', third = ''] = ids
  const [next = '', last = ''] = ids.slice(50)
  for (const id of ids.slice(0, 50)) expect((await pin(doctor, id)).code).toBeUndefined()
  expect(await told([patient, doctor], async () => expect(await pin(doctor, next)).toEqual(full))).toEqual([
    [],
    [],
  ])
  expect((await pin(patient, first)).code).toBeUndefined()
  expect(await pinsOf(patient, conversationId)).toEqual(
    Array.from({ length: 50 }, (_, index) => `${50 - index}`),
  )
  await patient.mutate('deleteMessage', { messageId: first, scope: 'EVERYONE' })
  expect((await pin(doctor, next)).code).toBeUndefined()
  expect(await pin(patient, last)).toEqual(full)
  await unpin(patient, second)
  expect((await pin(patient, last)).code).toBeUndefined()
  expect((await pinsOf(doctor, conversationId))?.slice(0, 3)).toEqual(['52', '51', '50'])
  // What one has hidden from oneself keeps its place: it is pinned for others.
  await doctor.mutate('deleteMessage', { messageId: third, scope: 'ME' })
  expect(await pinsOf(doctor, conversationId)).toHaveLength(49)
  expect(await pin(doctor, second)).toEqual(full)
})

test('what nobody left could unpin gives way to a new pin', async () => {
  const owner = await world.person('DOCTOR')
  const successor = await world.person('DOCTOR')
  const staff = await world.person('STAFF')
  const groupId = await world.group(owner, [staff])
  const ids: string[] = []
  for (let count = 1; count <= 50; count++) ids.push((await owner.send(groupId, `${count}`)).id)
  for (const id of ids) expect((await pin(owner, id)).code).toBeUndefined()
  await owner.mutate('addParticipants', { conversationId: groupId, userIds: [successor.id] })
  await owner.mutate('removeParticipant', { conversationId: groupId, userId: owner.id })
  const { id } = await staff.send(groupId, 'from now on')
  const what = await told([staff], async () => expect((await pin(successor, id)).code).toBeUndefined())
  expect(JSON.stringify(what)).toContain('MessageUnpinned')
  expect(await pinsOf(successor, groupId)).toEqual(['from now on'])
  expect((await pinsOf(staff, groupId))?.slice(0, 2)).toEqual(['from now on', '50'])
  expect(await pinsOf(staff, groupId)).toHaveLength(50)
})

test('each sees of them what they see of the conversation', async () => {
  const { owner, doctor, staff, late, groupId } = await team()
  const early = await owner.send(groupId, 'Early.')
  await pin(owner, early.id)
  await owner.mutate('addParticipants', { conversationId: groupId, userIds: [late.id] })
  const afterwards = await owner.send(groupId, 'Afterwards.')
  await doctor.mutate('deleteMessage', { messageId: afterwards.id, scope: 'ME' })
  await staff.mutate('removeParticipant', { conversationId: groupId, userId: staff.id })
  const last = await owner.send(groupId, 'Last.')
  await pin(owner, afterwards.id)
  await pin(owner, last.id)
  const seen = async (...people: Person[]) => Promise.all(people.map((each) => pinsOf(each, groupId)))
  expect(await seen(owner, doctor, staff, late, await world.person('DOCTOR'), world.admin())).toEqual([
    ['Last.', 'Afterwards.', 'Early.'],
    ['Last.', 'Early.'],
    ['Afterwards.', 'Early.'],
    ['Last.', 'Afterwards.'],
    null,
    null,
  ])
  for (const [person, id] of [
    [late, early.id],
    [doctor, afterwards.id],
    [world.admin(), last.id],
  ] as const)
    for (const verb of [pin, unpin]) expect(await verb(person, id)).toEqual(notFound)
})

test('a list of conversations shows each its own', async () => {
  const doctor = await world.person('DOCTOR')
  const groups = [await world.group(doctor, []), await world.group(doctor, []), await world.group(doctor, [])]
  for (const id of groups.slice(0, 2)) await pin(doctor, (await doctor.send(id, `In ${id}`)).id)
  const { conversations } = await doctor.must<{
    conversations: { edges: { node: { id: string; pinnedMessages: { body: string }[] } }[] }
  }>('{ conversations(first: 5) { edges { node { id pinnedMessages { body } } } } }')
  const pins = new Map(conversations.edges.map(({ node }) => [node.id, node.pinnedMessages]))
  expect(groups.map((id) => pins.get(id))).toEqual([
    [{ body: `In ${groups[0]}` }],
    [{ body: `In ${groups[1]}` }],
    [],
  ])
})

describe('who is told', () => {
  test('who takes part and may see it, who did it included', async () => {
    const { owner, doctor, staff, late, groupId } = await team()
    const { id } = await staff.send(groupId, 'Read this.')
    const hider = await world.person('STAFF')
    await owner.mutate('addParticipants', { conversationId: groupId, userIds: [late.id, hider.id] })
    await staff.mutate('removeParticipant', { conversationId: groupId, userId: staff.id })
    const people = [owner, doctor, staff, late]
    const pinned = `MessagePinned ${doctor.externalId}`
    expect(await told(people, () => pin(doctor, id))).toEqual([[pinned], [pinned], [], []])
    const unpinned = `MessageUnpinned ${owner.externalId}`
    expect(await told(people, () => unpin(owner, id))).toEqual([[unpinned], [unpinned], [], []])
    expect(await told(people, () => unpin(owner, id))).toEqual([[], [], [], []])
    const newer = await owner.send(groupId, 'And this.')
    await hider.mutate('deleteMessage', { messageId: newer.id, scope: 'ME' })
    expect(await told([late, hider], () => pin(doctor, newer.id))).toEqual([[pinned], []])
  })

  test('live, with what the conversation shows now', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const { id } = await patient.send(conversationId, 'Live.')
    type Live = { updates: object }
    const stream = doctor.socket().iterate<Live>({
      query: `subscription { updates { conversation { id pinnedMessages { id } } change { __typename
        ... on MessagePinned { message { id pinnedAt } user { externalId } }
        ... on MessageUnpinned { message { id pinnedAt } user { externalId } } } } }`,
    })
    await stream.next()
    await pin(patient, id)
    expect((await stream.next()).value?.data?.updates).toEqual({
      conversation: { id: conversationId, pinnedMessages: [{ id }] },
      change: {
        __typename: 'MessagePinned',
        message: { id, pinnedAt: expect.any(String) },
        user: { externalId: patient.externalId },
      },
    })
    await unpin(doctor, id)
    expect((await stream.next()).value?.data?.updates).toEqual({
      conversation: { id: conversationId, pinnedMessages: [] },
      change: {
        __typename: 'MessageUnpinned',
        message: { id, pinnedAt: null },
        user: { externalId: doctor.externalId },
      },
    })
    await doctor.close()
  })
})

describe('what nobody pins', () => {
  test('a tombstone: its pin goes with it, and MessageDeleted alone tells of it', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const { id } = await patient.send(conversationId, 'Soon gone.')
    await pin(doctor, id)
    const deletion = () => patient.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' })
    expect(await told([patient, doctor], deletion)).toEqual([['MessageDeleted'], ['MessageDeleted']])
    expect(await pinsOf(doctor, conversationId)).toEqual([])
    for (const verb of [pin, unpin])
      expect(await verb(doctor, id)).toEqual(forbidden('This message was deleted.'))
  })

  test('a SYSTEM message', async () => {
    const { owner, late, groupId } = await team()
    await owner.mutate('addParticipants', { conversationId: groupId, userIds: [late.id] })
    const [system] = await owner.history(groupId)
    expect(await pin(owner, system?.id ?? '')).toEqual(
      forbidden('This was said by the conversation itself, and stays as it is.'),
    )
  })

  test('a message of a closed conversation; what is pinned stays', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const { id } = await patient.send(conversationId, 'Before closing.')
    await pin(doctor, id)
    await doctor.mutate('closeConversation', { conversationId })
    for (const verb of [pin, unpin])
      expect(await verb(patient, id)).toEqual(forbidden('This conversation is closed.'))
    expect(await pinsOf(patient, conversationId)).toEqual(['Before closing.'])
  })

  test('what nobody said', async () => {
    const { owner } = await team()
    for (const verb of [pin, unpin])
      for (const id of ['nothing', owner.id]) expect(await verb(owner, id)).toEqual(notFound)
  })
})

test('in a group owners and doctors pin, whoever was made one; nobody who has left', async () => {
  const { owner, doctor, staff, groupId } = await team()
  const { id } = await staff.send(groupId, 'Mine.')
  const refused = forbidden('In a group its owners and doctors pin, as long as they take part.')
  for (const verb of [pin, unpin]) expect(await verb(staff, id)).toEqual(refused)
  await owner.mutate('setParticipantRole', { conversationId: groupId, userId: staff.id, role: 'OWNER' })
  expect((await pin(staff, id)).code).toBeUndefined()
  await owner.mutate('setParticipantRole', { conversationId: groupId, userId: staff.id, role: 'MEMBER' })
  expect(await unpin(staff, id)).toEqual(refused)
  for (const person of [doctor, owner]) {
    await person.mutate('removeParticipant', { conversationId: groupId, userId: person.id })
    expect(await unpin(person, id)).toEqual(refused)
  }
  expect(await pinsOf(staff, groupId)).toEqual(['Mine.'])
})

test('each change and each refusal is on record', async () => {
  const { owner, staff, late, groupId } = await team()
  const { id } = await staff.send(groupId, 'Mine.')
  for (const [verb, action] of [
    [pin, 'message.pin'],
    [unpin, 'message.unpin'],
  ] as const) {
    const entry = { action, subject: `Message ${rowId(id)}`, outcome: 'ALLOWED', messages: [rowId(id)] }
    expect(await recorded(owner, () => verb(owner, id))).toEqual([entry])
    expect(await recorded(owner, () => verb(owner, id))).toEqual([])
    for (const person of [staff, late])
      expect(await recorded(person, () => verb(person, id))).toEqual([
        { ...entry, outcome: 'DENIED', messages: [] },
      ])
  }
})
