import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UpdatesDocument } from '../../examples/generated/graphql.js'
import { textOf } from '../../examples/kit/connection.js'
import { schema } from '../../src/graphql/schema.js'
import { faultsOf } from '../support/invariants.js'
import type { Person } from '../support/person.js'
import { Stream } from '../support/stream.js'
import { World } from '../support/world.js'

// 250 people of one group, each connected with what the client kit asks of an update: what one message costs.

const size = 250
const statements: string[] = []
let executions = 0
let world: World
let owner: Person
let members: Person[]
let groupId: string
let streams: Stream[]

/** Each execution of a selection with a message's body resolves it once. */
function countExecutions(): void {
  const type = schema.getType('Message')
  const body = type && 'getFields' in type ? type.getFields().body : undefined
  if (!body || !('resolve' in body) || !body.resolve) throw new Error('no body to count')
  const { resolve } = body
  body.resolve = (...args) => {
    executions += 1
    return resolve(...args)
  }
}

beforeAll(async () => {
  countExecutions()
  world = await World.start({ overrides: { observe: (statement) => void statements.push(statement) } })
  owner = await world.person('DOCTOR')
  members = []
  while (members.length < size - 1) members.push(await world.person('STAFF'))
  groupId = await world.group(owner, members)
  streams = [owner, ...members].map((person) => new Stream(person.socket(), null, textOf(UpdatesDocument)))
  await Promise.all(streams.map((stream) => stream.caughtUp()))
}, 60_000)

afterAll(async () => {
  for (const person of [owner, ...members]) await person.close()
  await world[Symbol.asyncDispose]()
})

/** Asked about once a second whatever happens, and who somebody is, which a node knows for two seconds. */
const beside = ['FROM user_streams s', 'FROM users WHERE external_id', 'pending_receipts']

const counted = () => statements.filter((statement) => !beside.some((text) => statement.includes(text)))

async function rowsPerKind(): Promise<Record<string, number>> {
  const rows = await world.sql<{ kind: string; count: number }>(
    'SELECT kind, count(*)::int AS count FROM updates GROUP BY kind ORDER BY kind',
  )
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]))
}

/** Waits until so many durable updates have come to each. */
const everybodyHas = (count: number) => Promise.all(streams.map((stream) => has(stream, count)))

const has = (stream: Stream, count: number) => stream.until(() => stream.updates.length >= count)

test('one message reaches all 250, for a few statements however many they are', async () => {
  await world.sql('SELECT 1')
  const before = await rowsPerKind()
  statements.length = 0
  const { id } = await owner.send(groupId, 'to everybody')
  await everybodyHas(1)
  const during = counted()
  expect(await rowsPerKind()).toEqual({ ...before, MESSAGE_SENT: size })
  expect(during.filter((statement) => statement.includes('send_messages'))).toHaveLength(1)
  // Those of the request itself, and one each for rows, message, conversation, people, and what the document selects beyond
  // them; a second time for some where a device's frame falls into the next turn.
  expect(during.length).toBeLessThanOrEqual(30)
  for (const { updates } of streams)
    expect(updates).toMatchObject([{ change: { __typename: 'MessageSent', edge: { node: { id } } } }])
})

test('with everybody acknowledging and reading, two rows are written for each member and message', async () => {
  const before = await rowsPerKind()
  const { id } = await owner.send(groupId, 'to be read')
  await everybodyHas(2)
  for (const [index, member] of members.entries()) {
    const upToCursor = streams[index + 1]?.lastCursor
    expect(await member.mutate('markDelivered', { upToCursor })).not.toHaveProperty('code')
    expect(
      await member.mutate('markRead', { conversationId: groupId, upToMessageId: id }),
    ).not.toHaveProperty('code')
  }
  await Promise.all(streams.slice(1).map((stream) => has(stream, 3)))
  const after = await rowsPerKind()
  expect(after).toEqual({ ...before, MESSAGE_SENT: 2 * size, MESSAGES_READ: size - 1 })
  expect(await world.sql('SELECT * FROM pending_receipts')).toEqual([])
  const { node } = await owner.must<{
    node: { deliveryState: string; receipts: { readAt: string | null }[] }
  }>(
    'query ($id: ID!) { node(id: $id) { ... on Message { deliveryState receipts(first: 256) { readAt } } } }',
    { id },
  )
  expect(node.deliveryState).toBe('READ')
  expect(node.receipts.filter(({ readAt }) => readAt !== null)).toHaveLength(size - 1)
})

test('a reaction reaches all of them for a few statements, too', async () => {
  const { id: messageId } = await owner.send(groupId, 'to be liked')
  await Promise.all(streams.map((stream, index) => has(stream, index === 0 ? 3 : 4)))
  const seen = streams.map(({ updates }) => updates.length)
  statements.length = 0
  expect(await members[0]?.mutate('addReaction', { messageId, emoji: '👍' })).not.toHaveProperty('code')
  await Promise.all(streams.map((stream, index) => has(stream, (seen[index] ?? 0) + 1)))
  expect(counted().length).toBeLessThanOrEqual(50)
  for (const [index, { updates }] of streams.entries())
    expect(updates.slice(seen[index])).toMatchObject([{ change: { __typename: 'ReactionAdded' } }])
})

test('so do a reply, a new name, and somebody who joins', async () => {
  const { id: replyToId } = (await owner.history(groupId)).at(-1) ?? { id: '' }
  const newcomer = await world.person('CAREGIVER')
  const happen: Record<string, () => Promise<unknown>> = {
    reply: () => members[1]?.send(groupId, 'an answer', { replyToId }) ?? Promise.resolve(),
    rename: () => owner.mutate('updateGroup', { conversationId: groupId, title: 'Another name' }),
    join: () => owner.mutate('addParticipants', { conversationId: groupId, userIds: [newcomer.id] }),
  }
  for (const [what, act] of Object.entries(happen)) {
    const seen = streams.map(({ updates }) => updates.length)
    statements.length = 0
    await act()
    // A new name and a join are two updates each.
    const more = what === 'reply' ? 1 : 2
    await Promise.all(streams.map((stream, index) => has(stream, (seen[index] ?? 0) + more)))
    expect(counted().length, `${what}: ${counted().join('\n')}`).toBeLessThanOrEqual(60)
  }
  await owner.mutate('removeParticipant', { conversationId: groupId, userId: newcomer.id })
})

test('what is the same for all is executed once for all 250', async () => {
  for (const person of [owner, ...members]) await person.close()
  const document = `subscription ($after: String) { updates(after: $after) { cursor viewerUnreadCount conversation { id }
    change { __typename ... on MessageSent { message { id body sentAt sender { id displayName } } } } } }`
  streams = [owner, ...members].map((person) => new Stream(person.socket(), null, document))
  await Promise.all(streams.map((stream) => stream.caughtUp()))
  executions = 0
  await owner.must(
    `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { ... on SendMessagePayload { replayed } ... on Error { code detail } } }`,
    { input: { conversationId: groupId, clientMessageId: randomUUID(), body: 'once for all' } },
  )
  await everybodyHas(1)
  expect(executions).toBe(1)
  expect(new Set(streams.map(({ lastCursor }) => lastCursor)).size).toBe(size)
})

test('participants are paged', async () => {
  const ids = new Set<string>()
  let after: string | null = null
  for (let pages = 0; ; pages++) {
    const page: ParticipantsPage = await owner.must<ParticipantsPage>(participantsDocument, {
      id: groupId,
      after,
    })
    const { conversation } = page
    expect(conversation.participantCount).toBe(size)
    for (const { node } of conversation.participants.edges) ids.add(node.user.id)
    const { hasNextPage, endCursor } = conversation.participants.pageInfo
    if (!hasNextPage) {
      expect(pages).toBe(2)
      break
    }
    after = endCursor
  }
  expect(ids).toEqual(new Set([owner, ...members].map(({ id }) => id)))
  expect(await faultsOf(world)).toEqual([])
})

const participantsDocument = `query ($id: ID!, $after: String) { conversation(id: $id) {
  participantCount participants(first: 100, after: $after) { edges { node { user { id } } } pageInfo { hasNextPage endCursor } } } }`

interface ParticipantsPage {
  readonly conversation: {
    readonly participantCount: number
    readonly participants: {
      readonly edges: { readonly node: { readonly user: { readonly id: string } } }[]
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
    }
  }
}
