import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

let world: World
let owner: Person
let doctor: Person
let staff: Person
let caregiver: Person
beforeAll(async () => {
  world = await World.start()
  owner = await world.person('DOCTOR')
  doctor = await world.person('DOCTOR')
  staff = await world.person('STAFF')
  caregiver = await world.person('CAREGIVER')
})
afterAll(() => world[Symbol.asyncDispose]())

const remove = (by: Person, conversationId: string, who: Person, selection?: string) =>
  by.mutate('removeParticipant', { conversationId, userId: who.id }, selection)
const add = (by: Person, conversationId: string, who: Person, selection?: string) =>
  by.mutate('addParticipants', { conversationId, userIds: [who.id] }, selection)

/** A conversation's messages as this person sees them, in a word each. */
async function said(as: Person, conversationId: string): Promise<string[]> {
  const messages = await as.history(conversationId)
  return messages.map((message) => {
    if (message.kind !== 'SYSTEM') return String(message.body)
    expect(message).toMatchObject({ sender: null, body: null, clientMessageId: null })
    const { kind, actor, subject } = message.systemEvent as Record<string, { externalId: string } | null>
    return [kind, actor?.externalId, subject?.externalId].filter(Boolean).join(' ')
  })
}

async function rolesIn(as: Person, id: string): Promise<unknown> {
  const { conversation } = await as.must<{ conversation: { participants: { edges: unknown[] } } }>(
    `query ($id: ID!) { conversation(id: $id) { closedAt participantCount
       participants { edges { node { role user { externalId } } } } } }`,
    { id },
  )
  return conversation
}

const node = (person: Person, role: 'OWNER' | 'MEMBER') => ({
  node: { role, user: { externalId: person.externalId } },
})

describe('who leaves, or is removed', () => {
  test('keeps what they could see, with its corrections, and gets nothing new', async () => {
    const group = await world.group(owner, [staff, caregiver])
    const first = await owner.send(group, 'Before.')
    await remove(owner, group, staff)
    await owner.send(group, 'After.')
    await owner.mutate('editMessage', { messageId: first.id, body: 'Before, corrected.' })
    const removal = `PARTICIPANT_REMOVED ${owner.externalId} ${staff.externalId}`
    expect(await said(staff, group)).toEqual(['Before, corrected.', removal])
    expect(await said(owner, group)).toEqual(['Before, corrected.', removal, 'After.'])
    await owner.mutate('deleteMessage', { messageId: first.id, scope: 'EVERYONE' })
    expect((await staff.history(group))[0]).toMatchObject({ id: first.id, body: null })
    expect(
      await staff.must(
        `query ($id: ID!, $other: ID!, $me: ID!) { conversation(id: $id) {
           participantCount participants { edges { cursor } } viewerCanSend viewerCannotSendReasons unreadCount
           lastMessage { sequence } other: participant(userId: $other) { id } me: participant(userId: $me) { role leftAt } } }`,
        { id: group, other: owner.id, me: staff.id },
      ),
    ).toEqual({
      conversation: {
        participantCount: 0,
        participants: { edges: [] },
        viewerCanSend: false,
        viewerCannotSendReasons: ['NOT_A_PARTICIPANT'],
        unreadCount: 0,
        lastMessage: { sequence: 2 },
        other: null,
        me: { role: 'MEMBER', leftAt: expect.any(String) },
      },
    })
    expect(await rolesIn(owner, group)).toEqual({
      closedAt: null,
      participantCount: 2,
      participants: { edges: [node(owner, 'OWNER'), node(caregiver, 'MEMBER')] },
    })
  })

  test('twice is a success, and is said once', async () => {
    const group = await world.group(owner, [staff])
    const selection = 'removedUserId conversation { id participantCount }'
    const result = await remove(staff, group, staff, selection)
    expect(result).toEqual({
      __typename: 'RemoveParticipantPayload',
      removedUserId: staff.id,
      conversation: { id: group, participantCount: 0 },
    })
    expect(await remove(staff, group, staff, selection)).toEqual(result)
    expect(await remove(owner, group, staff)).toEqual({ __typename: 'RemoveParticipantPayload' })
    expect(await said(owner, group)).toEqual([`PARTICIPANT_LEFT ${staff.externalId} ${staff.externalId}`])
  })
})

test('who joins sees from joining on; who joins again has a second stay', async () => {
  const group = await world.group(owner, [caregiver])
  await owner.send(group, 'Before the first stay.')
  const joined = await add(owner, group, staff, 'participants { role leftAt user { externalId } }')
  expect(joined).toEqual({
    __typename: 'AddParticipantsPayload',
    participants: [{ role: 'MEMBER', leftAt: null, user: { externalId: staff.externalId } }],
  })
  const inside = await owner.send(group, 'During the first stay.')
  await remove(owner, group, staff)
  const between = await owner.send(group, 'Between.')
  await add(owner, group, staff)
  await add(owner, group, staff)
  const reply = await owner.send(group, 'During the second stay.', { replyToId: between.id })
  const join = `PARTICIPANT_JOINED ${owner.externalId} ${staff.externalId}`
  expect(await said(staff, group)).toEqual([
    join,
    'During the first stay.',
    `PARTICIPANT_REMOVED ${owner.externalId} ${staff.externalId}`,
    join,
    'During the second stay.',
  ])
  expect((await staff.history(group, 2)).map((message) => message.sequence)).toEqual([2, 3, 4, 6, 7])
  expect((await staff.history(group)).at(-1)).toMatchObject({ id: reply.id, replyTo: null })
  const unseen = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }'
  expect(await staff.must(unseen, { ids: [inside.id, between.id] })).toEqual({
    nodes: [{ id: inside.id }, null],
  })
})

describe('when the last owner leaves', () => {
  test('the longest-standing doctor succeeds, whoever else was there before', async () => {
    const group = await world.group(owner, [staff, caregiver])
    await add(owner, group, doctor)
    const later = await world.person('DOCTOR')
    await add(owner, group, later)
    await remove(owner, group, owner)
    expect((await said(doctor, group)).slice(-2)).toEqual([
      `PARTICIPANT_LEFT ${owner.externalId} ${owner.externalId}`,
      `OWNER_CHANGED ${owner.externalId} ${doctor.externalId}`,
    ])
    expect((await said(owner, group)).at(-1)).toBe(`PARTICIPANT_LEFT ${owner.externalId} ${owner.externalId}`)
    expect(await rolesIn(staff, group)).toMatchObject({
      closedAt: null,
      participantCount: 4,
      participants: { edges: [node(doctor, 'OWNER'), {}, {}, {}] },
    })
  })

  test('else a staff member; inactive people do not succeed', async () => {
    const former = await world.person('DOCTOR')
    const group = await world.group(owner, [caregiver, former, staff])
    await former.upsert({ isActive: false })
    await remove(owner, group, owner)
    expect(await rolesIn(caregiver, group)).toMatchObject({
      closedAt: null,
      participants: { edges: [node(staff, 'OWNER'), {}, {}] },
    })
  })

  test('with neither the group closes', async () => {
    const group = await world.group(owner, [caregiver])
    await remove(owner, group, owner)
    expect(await said(caregiver, group)).toEqual([
      `PARTICIPANT_LEFT ${owner.externalId} ${owner.externalId}`,
      `CONVERSATION_CLOSED ${owner.externalId}`,
    ])
    expect(await rolesIn(caregiver, group)).toMatchObject({ closedAt: expect.any(String) })
    expect((await caregiver.trySend(group, 'Anybody?')).reasons).toEqual(['CONVERSATION_CLOSED'])
  })

  test('another owner keeps it as it is', async () => {
    const group = await world.group(owner, [staff, doctor])
    const role = (by: Person, who: Person, to: string) =>
      by.mutate(
        'setParticipantRole',
        { conversationId: group, userId: who.id, role: to },
        'participant { role user { externalId } }',
      )
    const promoted = {
      __typename: 'SetParticipantRolePayload',
      participant: { role: 'OWNER', user: { externalId: staff.externalId } },
    }
    expect(await role(owner, staff, 'OWNER')).toEqual(promoted)
    expect(await role(owner, staff, 'OWNER')).toEqual(promoted)
    await remove(owner, group, owner)
    expect(await rolesIn(staff, group)).toMatchObject({
      participants: { edges: [node(staff, 'OWNER'), node(doctor, 'MEMBER')] },
    })
    expect(await role(staff, staff, 'MEMBER')).toMatchObject({ code: 'FORBIDDEN' })
    await role(staff, doctor, 'OWNER')
    expect(await role(staff, staff, 'MEMBER')).toMatchObject({ participant: { role: 'MEMBER' } })
  })
})

test('only doctors and staff become owners', async () => {
  const patient = await world.person('PATIENT')
  await world.appointment(patient, owner)
  const group = await world.group(owner, [caregiver, patient], patient)
  for (const who of [caregiver, patient]) {
    const input = { conversationId: group, userId: who.id, role: 'OWNER' }
    expect(await owner.mutate('setParticipantRole', input)).toEqual({
      __typename: 'ForbiddenError',
      code: 'FORBIDDEN',
      detail: 'Only doctors and staff become owners.',
    })
  }
})

test('closing and reopening are said once each, in DIRECT too; opening says nothing', async () => {
  const { patient, doctor: theirs, conversationId } = await world.pair()
  expect(await said(patient, conversationId)).toEqual([])
  for (const reason of ['Done.', 'Done again.'])
    await theirs.mutate('closeConversation', { conversationId, reason })
  const closed = await theirs.mutate('closeConversation', { conversationId }, 'conversation { closedAt }')
  expect(closed).toEqual({
    __typename: 'CloseConversationPayload',
    conversation: { closedAt: expect.any(String) },
  })
  for (let times = 0; times < 2; times++) {
    const reopened = await theirs.mutate(
      'reopenConversation',
      { conversationId },
      'conversation { closedAt viewerCanSend }',
    )
    expect(reopened).toEqual({
      __typename: 'ReopenConversationPayload',
      conversation: { closedAt: null, viewerCanSend: true },
    })
  }
  expect(await said(patient, conversationId)).toEqual([
    `CONVERSATION_CLOSED ${theirs.externalId}`,
    `CONVERSATION_REOPENED ${theirs.externalId}`,
  ])
})
