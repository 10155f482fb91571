import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { told } from '../support/effects.js'
import { invalidAt, notFound } from '../support/outcomes.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(() => world[Symbol.asyncDispose]())

const block = (by: Person, who: Person, reason?: string) =>
  by.mutate(
    'blockUser',
    { userId: who.id, reason },
    'user { externalId isActive viewerHasBlocked viewerCanMessage }',
  )
const unblock = (by: Person, who: Person) =>
  by.mutate(
    'unblockUser',
    { userId: who.id },
    'user { externalId isActive viewerHasBlocked viewerCanMessage }',
  )

async function reasons(as: Person, id: string): Promise<unknown> {
  const { conversation } = await as.must<{ conversation: unknown }>(
    'query ($id: ID!) { conversation(id: $id) { viewerCanSend viewerCannotSendReasons } }',
    { id },
  )
  return conversation
}

async function seen(as: Person, other: Person): Promise<unknown> {
  const { user } = await as.must<{ user: unknown }>(
    'query ($id: String!) { user(externalId: $id) { isActive viewerCanMessage viewerHasBlocked } }',
    { id: other.externalId },
  )
  return user
}

const refused = (...why: string[]) => ({ viewerCanSend: false, viewerCannotSendReasons: why })
const free = { viewerCanSend: true, viewerCannotSendReasons: [] }

describe('in DIRECT', () => {
  test('neither sends; BLOCKED is told to the blocker alone, who looks inactive to the other', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const { externalId } = doctor
    const blocked = {
      __typename: 'BlockUserPayload',
      user: { externalId, isActive: true, viewerHasBlocked: true, viewerCanMessage: false },
    }
    expect(await block(patient, doctor, 'Enough.')).toEqual(blocked)
    expect(await block(patient, doctor)).toEqual(blocked)
    expect(await reasons(patient, conversationId)).toEqual(refused('BLOCKED'))
    expect(await reasons(doctor, conversationId)).toEqual(refused('USER_INACTIVE'))
    expect((await patient.trySend(conversationId, 'Hello.')).reasons).toEqual(['BLOCKED'])
    expect((await doctor.trySend(conversationId, 'Hello.')).reasons).toEqual(['USER_INACTIVE'])
    expect(await seen(doctor, patient)).toEqual({
      isActive: false,
      viewerCanMessage: false,
      viewerHasBlocked: false,
    })
    expect(
      await patient.must('{ viewer { blockedUsers(first: 5) { edges { node { externalId } } } } }'),
    ).toEqual({
      viewer: { blockedUsers: { edges: [{ node: { externalId } }] } },
    })

    const lifted = { ...blocked.user, viewerHasBlocked: false, viewerCanMessage: true }
    for (let times = 0; times < 2; times++)
      expect(await unblock(patient, doctor)).toEqual({ __typename: 'UnblockUserPayload', user: lifted })
    expect(await reasons(doctor, conversationId)).toEqual(free)
    await doctor.send(conversationId, 'Hello again.')
    expect(await patient.history(conversationId)).toMatchObject([{ body: 'Hello again.' }])
  })

  test('both at once, closed and without an appointment: each is told all of their reasons', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    await block(patient, doctor)
    await block(doctor, patient)
    await world.appointment(patient, doctor, 'CANCELLED')
    await doctor.mutate('closeConversation', { conversationId })
    const all = ['NO_CARE_RELATIONSHIP', 'BLOCKED', 'USER_INACTIVE', 'CONVERSATION_CLOSED']
    for (const person of [patient, doctor]) {
      expect(await reasons(person, conversationId)).toEqual(refused(...all))
      expect((await person.trySend(conversationId, 'Hello.')).reasons).toEqual(all)
    }
  })

  test('before there is a conversation none can be opened', async () => {
    const patient = await world.person('PATIENT')
    const doctor = await world.person('DOCTOR')
    await world.appointment(patient, doctor)
    await block(doctor, patient)
    const opening = (by: Person, other: Person) => by.mutate('openConversation', { userId: other.id })
    expect((await opening(doctor, patient)).reasons).toEqual(['BLOCKED'])
    expect((await opening(patient, doctor)).reasons).toEqual(['USER_INACTIVE'])
  })
})

test('a deactivated person is told as USER_INACTIVE, and their conversation stays readable', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  await doctor.send(conversationId, 'Goodbye.')
  await doctor.upsert({ isActive: false })
  expect(await reasons(patient, conversationId)).toEqual(refused('USER_INACTIVE'))
  expect((await patient.trySend(conversationId, 'Hello?')).reasons).toEqual(['USER_INACTIVE'])
  expect(await patient.history(conversationId)).toMatchObject([{ body: 'Goodbye.' }])
})

test('in a GROUP what the blocked one sends while it stands is hidden from the blocker alone, for good', async () => {
  const owner = await world.person('DOCTOR')
  const [blocker, other] = [await world.person('STAFF'), await world.person('STAFF')]
  const group = await world.group(owner, [blocker, other])
  await owner.send(group, 'Before.')
  await block(blocker, owner)
  const during = await owner.send(group, 'During.')
  await other.send(group, 'An answer.', { replyToId: during.id })
  await blocker.send(group, 'Mine.')
  await unblock(blocker, owner)
  await owner.send(group, 'Afterwards.')

  const bodies = async (as: Person) => (await as.history(group)).map((message) => message.body)
  expect(await bodies(blocker)).toEqual(['Before.', 'An answer.', 'Mine.', 'Afterwards.'])
  expect(await bodies(other)).toEqual(['Before.', 'During.', 'An answer.', 'Mine.', 'Afterwards.'])
  const [, answer] = await blocker.history(group)
  expect(answer).toMatchObject({ body: 'An answer.', replyTo: null })
  expect(await blocker.must('query ($id: ID!) { node(id: $id) { id } }', { id: during.id })).toEqual({
    node: null,
  })
  for (const [verb, input] of [
    ['markRead', { conversationId: group, upToMessageId: during.id }],
    ['deleteMessage', { messageId: during.id, scope: 'ME' }],
  ] as const)
    expect(await blocker.mutate(verb, input)).toEqual(notFound)
  expect(await blocker.trySend(group, 'To that.', { replyToId: during.id })).toEqual(notFound)
  const counters = '{ viewer { unreadCount unreadConversationCount } }'
  expect(await blocker.must(counters)).toEqual({ viewer: { unreadCount: 3, unreadConversationCount: 1 } })
  // Hidden messages do not hold up the state of others' view.
  const state = 'query ($id: ID!) { node(id: $id) { ... on Message { deliveryState receipts { readAt } } } }'
  await other.mutate('markRead', { conversationId: group, upToMessageId: during.id })
  expect(await owner.must(state, { id: during.id })).toEqual({
    node: { deliveryState: 'READ', receipts: [{ readAt: expect.any(String) }] },
  })
})

describe('in a GROUP, of what is hidden from the blocker', () => {
  async function scene() {
    const owner = await world.person('DOCTOR')
    const [blocker, other] = [await world.person('STAFF'), await world.person('STAFF')]
    const group = await world.group(owner, [blocker, other])
    await block(blocker, owner)
    const hidden = await owner.send(group, 'Now!', { priority: 'URGENT', mentionIds: [blocker.id, other.id] })
    return { owner, blocker, other, group, hidden }
  }

  test('neither its mention nor its urgency reaches them, and it does not bring an archived one back', async () => {
    const { owner, blocker, other, group } = await scene()
    await blocker.mutate('archiveConversation', { conversationId: group })
    const urgent = { priority: 'URGENT', mentionIds: [blocker.id] }
    const lines = await told([blocker, other], () => owner.send(group, 'You!', urgent))
    expect(lines).toEqual([[], ['MessageSent']])
    const state = () =>
      blocker.must(
        'query ($id: ID!) { viewer { unreadCount } conversation(id: $id) { unreadCount archivedAt } }',
        {
          id: group,
        },
      )
    expect(await state()).toEqual({
      viewer: { unreadCount: 0 },
      conversation: { unreadCount: 0, archivedAt: expect.any(String) },
    })
    await other.send(group, 'As it comes.')
    expect(await state()).toEqual({
      viewer: { unreadCount: 1 },
      conversation: { unreadCount: 1, archivedAt: null },
    })
  })

  test('they are told nothing: no reaction, no pin, no acknowledgement, no end', async () => {
    const { owner, blocker, other, hidden } = await scene()
    const messageId = hidden.id
    const lines = await told([blocker, other], async () => {
      await other.mutate('addReaction', { messageId, emoji: '👍' })
      await other.mutate('removeReaction', { messageId, emoji: '👍' })
      await owner.mutate('pinMessage', { messageId })
      await other.mutate('acknowledgeMessage', { messageId })
      await owner.mutate('unpinMessage', { messageId })
      await owner.mutate('deleteMessage', { messageId, scope: 'EVERYONE' })
    })
    expect(lines).toEqual([
      [],
      [
        `ReactionAdded ${other.externalId} 👍`,
        `ReactionRemoved ${other.externalId} 👍`,
        `MessagePinned ${owner.externalId}`,
        `MessageAcknowledged ${other.externalId}`,
        `MessageUnpinned ${owner.externalId}`,
        'MessageDeleted',
      ],
    ])
  })

  test('they can do nothing with it, also once the block is lifted', async () => {
    const { owner, blocker, other, group, hidden } = await scene()
    const messageId = hidden.id
    await owner.mutate('setParticipantRole', { conversationId: group, userId: blocker.id, role: 'OWNER' })
    await other.mutate('addReaction', { messageId, emoji: '👍' })
    await owner.mutate('pinMessage', { messageId })
    const attempts = async () => {
      for (const verb of ['addReaction', 'removeReaction'])
        expect(await blocker.mutate(verb, { messageId, emoji: '👍' })).toEqual(notFound)
      for (const verb of ['pinMessage', 'unpinMessage', 'acknowledgeMessage'])
        expect(await blocker.mutate(verb, { messageId })).toEqual(notFound)
    }
    await attempts()
    const pins = (as: Person) =>
      as.must('query ($id: ID!) { conversation(id: $id) { pinnedMessages { id } } }', { id: group })
    expect(await pins(blocker)).toEqual({ conversation: { pinnedMessages: [] } })
    expect(await pins(other)).toEqual({ conversation: { pinnedMessages: [{ id: messageId }] } })
    await unblock(blocker, owner)
    await attempts()
    expect(await pins(blocker)).toEqual({ conversation: { pinnedMessages: [] } })
  })

  test('what the blocked one does with the words of others stays to be seen', async () => {
    const { owner, blocker, other, group } = await scene()
    const { id: messageId } = await other.send(group, 'Now!', { priority: 'URGENT' })
    const lines = await told([blocker], async () => {
      await owner.mutate('addReaction', { messageId, emoji: '👍' })
      await owner.mutate('pinMessage', { messageId })
      await owner.mutate('acknowledgeMessage', { messageId })
    })
    expect(lines).toEqual([[`ReactionAdded ${owner.externalId} 👍`, `MessagePinned ${owner.externalId}`]])
    const { node } = await blocker.must<{ node: unknown }>(
      `query ($id: ID!) { node(id: $id) { ... on Message { reactions { emoji users { externalId } }
         acknowledgements { user { externalId } } } } }`,
      { id: messageId },
    )
    const by = { externalId: owner.externalId }
    expect(node).toEqual({ reactions: [{ emoji: '👍', users: [by] }], acknowledgements: [{ user: by }] })
  })

  test('the blocked one mentions the blocker as if nothing were', async () => {
    const { owner, blocker, hidden } = await scene()
    const { node } = await owner.must<{ node: { mentions: { externalId: string }[] } }>(
      'query ($id: ID!) { node(id: $id) { ... on Message { mentions { externalId } acknowledgements { at } } } }',
      { id: hidden.id },
    )
    expect(node.mentions.map(({ externalId }) => externalId)).toContain(blocker.externalId)
    expect(node).toMatchObject({ acknowledgements: [] })
  })
})

test('nobody blocks themselves, nor whom they do not see', async () => {
  const [patient, stranger] = [await world.person('PATIENT'), await world.person('PATIENT')]
  expect(await patient.mutate('blockUser', { userId: patient.id })).toEqual(invalidAt('userId'))
  expect(await patient.mutate('blockUser', { userId: stranger.id })).toEqual(notFound)
  expect(await patient.mutate('unblockUser', { userId: stranger.id })).toEqual(notFound)
})
