import { randomUUID } from 'node:crypto'
import { print } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  ContactSearchDocument,
  type ContactSearchQuery,
  ConversationListDocument,
  type ConversationListQuery,
  MessagePageDocument,
  type MessagePageQuery,
  MessageWindowDocument,
  type MessageWindowQuery,
  SendOneDocument,
  type SendOneMutation,
  WindowListDocument,
  type WindowListQuery,
} from '../generated/graphql.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

// How many statements go to PostgreSQL for what an app does all day: a number that does not grow with the page.

const writing = 0
const reading = 1
const statements: string[] = []
let world: World
let doctor: Person
let groupId: string
let lastPair: string

beforeAll(async () => {
  world = await World.start({
    nodes: 2,
    overrides: { observe: (statement) => void statements.push(statement) },
  })
  doctor = await world.person('DOCTOR')
  const patients: Person[] = []
  for (let n = 0; n < 22; n++) {
    const patient = await world.person('PATIENT')
    await world.appointment(patient, doctor)
    lastPair = await doctor.open(patient)
    await patient.send(lastPair, `Good morning, I am patient ${n}.`)
    patients.push(patient)
  }
  await doctor.mutate('pinMessage', { messageId: (await doctor.send(lastPair, 'Message to keep')).id })
  await fillGroup(patients[0])
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

async function fillGroup(patient: Person | undefined): Promise<void> {
  const members = [await world.person('STAFF'), await world.person('CAREGIVER'), await world.person('DOCTOR')]
  groupId = await world.group(doctor, members, patient)
  let former: string | undefined
  for (let n = 0; n < 60; n++) {
    const sender = [doctor, ...members][n % 4] ?? doctor
    const replyTo = former !== undefined && n % 3 === 0 ? { replyToId: former } : {}
    const mentions = n % 4 === 0 ? { mentionIds: members.map((member) => member.id), priority: 'URGENT' } : {}
    const { id } = await sender.send(groupId, `Message ${n}`, { ...replyTo, ...mentions })
    former = id
    if (n % 4 === 0) await mark(id, members)
  }
  for (const member of members) await markRead(member, former)
}

/** What people put on an urgent message. */
async function mark(messageId: string, members: readonly Person[]): Promise<void> {
  for (const member of members) {
    for (const emoji of ['👍', '🎉']) await member.mutate('addReaction', { messageId, emoji })
    await member.mutate('acknowledgeMessage', { messageId })
  }
  await doctor.mutate('pinMessage', { messageId })
}

async function markRead(person: Person, upToMessageId: string | undefined): Promise<void> {
  await person.must(
    'mutation ($input: MarkReadInput!) { markRead(input: $input) { ... on MarkReadPayload { viewer { id } } ... on Error { code detail } } }',
    { input: { conversationId: groupId, upToMessageId } },
  )
}

/**
 * Asked beside the requests: by the hub's sweep, for the receipts in groups and once a minute for urgent repeats, and who the
 * viewer is, which a node knows for two seconds.
 */
const beside = [
  'FROM user_streams s',
  'FROM users WHERE external_id',
  'FROM pending_receipts',
  'tell_receipts(',
  'repeat_urgent(',
  'FROM notifications',
]

/** The statements of one request, without those beside it. */
async function statementsOf(ask: () => Promise<unknown>): Promise<string[]> {
  statements.length = 0
  await ask()
  const told = statements.filter((statement) => !beside.some((text) => statement.includes(text)))
  return told.map((statement) => statement.replace(/\$\d+(,\$\d+)*/g, '$').replace(/\s+/g, ' ')).sort()
}

test('a page of conversations costs the same however long it is, keys that are not known yet included', async () => {
  const list = async (first: number) => {
    const data = await doctor
      .at(reading)
      .must<ConversationListQuery>(print(ConversationListDocument), { first })
    const nodes = data.conversations?.edges.map((edge) => edge.node) ?? []
    expect(nodes).toHaveLength(first)
    for (const { title, otherParticipant, participants, lastMessage } of nodes) {
      expect(otherParticipant === null).toBe(title !== null)
      expect(participants?.edges.length).toBeGreaterThan(1)
      expect(lastMessage?.body).toMatch(/^(Good morning|Message)/)
    }
    expect(nodes.map(({ pinnedMessages }) => pinnedMessages.length).filter((count) => count > 0)).toEqual([
      15, 1,
    ])
  }
  const few = await statementsOf(() => list(5))
  const many = await statementsOf(() => list(20))
  // The same ones; two that ask for people may or may not fall into one turn.
  expect(new Set(many)).toEqual(new Set(few))
  expect(many.length, many.join('\n')).toBeLessThanOrEqual(8)
})

test('a page of messages costs the same however long it is', async () => {
  const page = async (first: number) => {
    const data = await doctor
      .at(reading)
      .must<MessagePageQuery>(print(MessagePageDocument), { id: groupId, first })
    const nodes = data.conversation?.messages?.edges.map((edge) => edge.node) ?? []
    expect(nodes).toHaveLength(first)
    expect(nodes.every(({ receipts }) => receipts.length > 1)).toBe(true)
    expect(nodes.some(({ replyTo }) => typeof replyTo?.body === 'string')).toBe(true)
    const marked = nodes.filter(
      ({ mentions, reactions, acknowledgements, pinnedAt }) =>
        [mentions.length, reactions.length, acknowledgements.length, pinnedAt === null].join() ===
        '3,2,3,false',
    )
    expect(marked).toHaveLength(Math.ceil(first / 4))
  }
  const few = await statementsOf(() => page(10))
  const many = await statementsOf(() => page(50))
  // The same ones; two that ask for people may or may not fall into one turn.
  expect(new Set(many)).toEqual(new Set(few))
  expect(many.length, many.join('\n')).toBeLessThanOrEqual(9)
})

test('a window costs the same however large it is, around a message or around what is unread', async () => {
  const unread = (await doctor.history(groupId)).find(
    ({ kind, clientMessageId }) => kind === 'TEXT' && clientMessageId === null,
  )
  const window = async (around: string | null, size: number) => {
    const data = await doctor
      .at(reading)
      .must<MessageWindowQuery>(print(MessageWindowDocument), { id: groupId, around, size })
    const { edges = [], anchorMessageId } = data.conversation?.messageWindow ?? {}
    expect([edges.length, anchorMessageId]).toEqual([size, unread?.id])
  }
  for (const around of [unread?.id ?? '', null]) {
    const few = await statementsOf(() => window(around, 4))
    const many = await statementsOf(() => window(around, 50))
    // The same ones; two that ask for people may or may not fall into one turn.
    expect(new Set(many)).toEqual(new Set(few))
    expect(many.length, many.join('\n')).toBeLessThanOrEqual(5)
  }
})

test('windows of a whole list of conversations cost what one does', async () => {
  await markRead(doctor, (await doctor.history(groupId)).at(-1)?.id)
  const list = async (first: number, size: number) => {
    const data = await doctor.at(reading).must<WindowListQuery>(print(WindowListDocument), { first, size })
    const nodes = data.conversations?.edges.map((edge) => edge.node) ?? []
    expect(nodes).toHaveLength(first)
    // One is read to its end, in the others something is unread.
    const anchored = nodes.filter(({ messageWindow }) => messageWindow?.anchorMessageId)
    expect(anchored).toEqual(nodes.filter(({ unreadCount }) => unreadCount > 0))
    expect(anchored.length).toBe(first - 1)
    expect(nodes.every(({ messageWindow }) => messageWindow?.edges[0]?.node.id)).toBe(true)
  }
  const few = await statementsOf(() => list(3, 2))
  const many = await statementsOf(() => list(20, 50))
  // The same ones; two that ask for people may or may not fall into one turn.
  expect(new Set(many)).toEqual(new Set(few))
  expect(many.length, many.join('\n')).toBeLessThanOrEqual(6)
})

test('a search of contacts costs the same however many it finds', async () => {
  const search = async (first: number) => {
    const data = await doctor
      .at(reading)
      .must<ContactSearchQuery>(print(ContactSearchDocument), { first, search: 'patient' })
    expect(data.contacts?.edges).toHaveLength(first)
    expect(data.contacts?.edges.every(({ node }) => node.viewerCanMessage)).toBe(true)
  }
  const few = await statementsOf(() => search(2))
  const many = await statementsOf(() => search(20))
  // The same ones; two that ask for people may or may not fall into one turn.
  expect(new Set(many)).toEqual(new Set(few))
  expect(many.length, many.join('\n')).toBeLessThanOrEqual(2)
})

test('one send is two round trips: the send function, and the counters of the payload', async () => {
  const input = { conversationId: lastPair, clientMessageId: randomUUID(), body: 'Thank you.' }
  const sent = await statementsOf(async () => {
    const data = await doctor.at(writing).must<SendOneMutation>(print(SendOneDocument), { input })
    expect(data.sendMessage).toMatchObject({
      __typename: 'SendMessagePayload',
      message: { body: 'Thank you.' },
      conversation: { id: lastPair, unreadCount: 1 },
    })
  })
  expect(sent, sent.join('\n')).toHaveLength(2)
  expect(sent.some((statement) => statement.includes('send_messages'))).toBe(true)
})
