import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notFound } from '../support/outcomes.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(() => world[Symbol.asyncDispose]())

async function stateOf(as: Person, id: string): Promise<unknown> {
  const { node } = await as.must<{ node: unknown }>(
    `query ($id: ID!) { node(id: $id) { ... on Message {
       deliveryState receipts { user { externalId } deliveredAt readAt } } } }`,
    { id },
  )
  return node
}

async function acknowledge(as: Person): Promise<void> {
  const { viewer } = await as.must<{ viewer: { updateCursor: string } }>('{ viewer { updateCursor } }')
  const upToCursor = viewer.updateCursor
  const result = await as.mutate('markDelivered', { upToCursor }, 'upToCursor')
  expect(result).toEqual({ __typename: 'MarkDeliveredPayload', upToCursor })
}

const readUpTo = (as: Person, conversationId: string, upToMessageId: string) =>
  as.mutate(
    'markRead',
    { conversationId, upToMessageId },
    'conversation { unreadCount lastReadSequence lastReadMessageId } viewer { unreadCount unreadConversationCount }',
  )

const time = expect.any(String)

describe('in DIRECT', () => {
  test('SENT, DELIVERED, READ, with their times', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const { id } = await patient.send(conversationId, 'Hello.')
    expect(await stateOf(patient, id)).toEqual({ deliveryState: 'SENT', receipts: [] })
    await acknowledge(doctor)
    const user = { externalId: doctor.externalId }
    expect(await stateOf(patient, id)).toEqual({
      deliveryState: 'DELIVERED',
      receipts: [{ user, deliveredAt: time, readAt: null }],
    })
    await acknowledge(doctor)
    expect(await readUpTo(doctor, conversationId, id)).toEqual({
      __typename: 'MarkReadPayload',
      conversation: { unreadCount: 0, lastReadSequence: 1, lastReadMessageId: id },
      viewer: { unreadCount: 0, unreadConversationCount: 0 },
    })
    expect(await stateOf(patient, id)).toEqual({
      deliveryState: 'READ',
      receipts: [{ user, deliveredAt: time, readAt: time }],
    })
  })

  test('reading implies delivery; sending implies neither', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const first = await patient.send(conversationId, 'One.')
    const second = await patient.send(conversationId, 'Two.')
    await doctor.send(conversationId, 'An answer.')
    expect(await stateOf(patient, first.id)).toEqual({ deliveryState: 'SENT', receipts: [] })
    await readUpTo(doctor, conversationId, first.id)
    expect(await stateOf(patient, first.id)).toMatchObject({ deliveryState: 'READ' })
    expect(await stateOf(patient, second.id)).toEqual({ deliveryState: 'SENT', receipts: [] })
    await doctor.send(conversationId, 'Another.', { readUpToMessageId: second.id })
    expect(await stateOf(patient, second.id)).toMatchObject({ deliveryState: 'READ' })
  })

  test('positions move forward only, and are told to the other', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const first = await patient.send(conversationId, 'One.')
    const second = await patient.send(conversationId, 'Two.')
    const forward = await readUpTo(doctor, conversationId, second.id)
    expect(await readUpTo(doctor, conversationId, first.id)).toEqual(forward)
    const { conversation } = await patient.must<{ conversation: unknown }>(
      `query ($id: ID!, $user: ID!) { conversation(id: $id) { participant(userId: $user) {
         lastDeliveredSequence lastReadSequence lastReadMessageId lastDeliveredMessageId } } }`,
      { id: conversationId, user: doctor.id },
    )
    expect(conversation).toEqual({
      participant: {
        lastDeliveredSequence: 2,
        lastReadSequence: 2,
        lastReadMessageId: second.id,
        lastDeliveredMessageId: second.id,
      },
    })
  })

  test('who hides read receipts is DELIVERED at most, also afterwards', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const share = (on: boolean) =>
      world.sql('UPDATE users SET send_read_receipts = $2 WHERE id = $1::uuid', [doctor.rowId, on])
    const { id } = await patient.send(conversationId, 'Have you read this?')
    await share(false)
    await readUpTo(doctor, conversationId, id)
    const user = { externalId: doctor.externalId }
    const delivered = {
      deliveryState: 'DELIVERED',
      receipts: [{ user, deliveredAt: time, readAt: null }],
    }
    expect(await stateOf(patient, id)).toEqual(delivered)
    await share(true)
    expect(await stateOf(patient, id)).toEqual(delivered)
    const positions = `query ($id: ID!, $user: ID!) { conversation(id: $id) { participant(userId: $user) {
      lastDeliveredSequence lastReadSequence lastReadMessageId } } }`
    const variables = { id: conversationId, user: doctor.id }
    expect(await patient.must(positions, variables)).toEqual({
      conversation: {
        participant: { lastDeliveredSequence: 1, lastReadSequence: null, lastReadMessageId: null },
      },
    })
    expect(await doctor.must(positions, variables)).toEqual({
      conversation: {
        participant: { lastDeliveredSequence: 1, lastReadSequence: 1, lastReadMessageId: id },
      },
    })
    const next = await patient.send(conversationId, 'And this?')
    await readUpTo(doctor, conversationId, next.id)
    expect(await stateOf(patient, next.id)).toMatchObject({ deliveryState: 'READ' })
  })
})

describe('in a GROUP', () => {
  test('the state is the least over the others who take part and may see it', async () => {
    const owner = await world.person('DOCTOR')
    const [staff, caregiver, late] = [
      await world.person('STAFF'),
      await world.person('CAREGIVER'),
      await world.person('STAFF'),
    ]
    const group = await world.group(owner, [staff, caregiver])
    const { id } = await owner.send(group, 'To both of you.')
    await owner.mutate('addParticipants', { conversationId: group, userIds: [late.id] })
    await readUpTo(staff, group, id)
    expect(await stateOf(owner, id)).toMatchObject({ deliveryState: 'SENT' })
    await acknowledge(caregiver)
    expect(await stateOf(owner, id)).toMatchObject({ deliveryState: 'DELIVERED' })
    await owner.mutate('removeParticipant', { conversationId: group, userId: caregiver.id })
    expect(await stateOf(owner, id)).toEqual({
      deliveryState: 'READ',
      receipts: [{ user: { externalId: staff.externalId }, deliveredAt: time, readAt: time }],
    })
    const system = (await owner.history(group)).find((message) => message.kind === 'SYSTEM')
    expect(await stateOf(owner, system?.id ?? '')).toEqual({ deliveryState: 'SENT', receipts: [] })
  })
})

test('totals go over all conversations; SYSTEM messages and one’s own do not count', async () => {
  const one = await world.pair()
  const other = await world.person('PATIENT')
  await world.appointment(other, one.doctor)
  const second = await one.doctor.open(other)
  await one.patient.send(one.conversationId, 'One.')
  await one.patient.send(one.conversationId, 'Two.')
  const three = await other.send(second, 'Three.')
  await one.doctor.send(second, 'My own.')
  await one.doctor.mutate('closeConversation', { conversationId: second })
  const totals = '{ viewer { unreadCount unreadConversationCount } }'
  expect(await one.doctor.must(totals)).toEqual({
    viewer: { unreadCount: 3, unreadConversationCount: 2 },
  })
  await readUpTo(one.doctor, second, three.id)
  expect(await one.doctor.must(totals)).toEqual({
    viewer: { unreadCount: 2, unreadConversationCount: 1 },
  })
  const unreadOnly =
    '{ conversations(first: 10, filter: { unreadOnly: true }) { edges { node { id unreadCount } } } }'
  expect(await one.doctor.must(unreadOnly)).toEqual({
    conversations: { edges: [{ node: { id: one.conversationId, unreadCount: 2 } }] },
  })
})

test('who no longer may, such as a doctor who became an administrator, marks nothing', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const { id } = await patient.send(conversationId, 'Hello.')
  await doctor.upsert({ role: 'ADMIN' })
  expect(await readUpTo(doctor, conversationId, id)).toEqual(notFound)
  expect(await stateOf(patient, id)).toEqual({ deliveryState: 'SENT', receipts: [] })
})
