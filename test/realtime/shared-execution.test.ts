import { afterAll, beforeAll, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.js'
import type { Person } from '../support/person.js'
import { Stream } from '../support/stream.js'
import { updateCursor } from '../support/updates-page.js'
import { World } from '../support/world.js'

// An update that is the same for all who follow is executed once, and each gets their own cursor and counters; one that is not
// is executed for each. What polling answers, which shares nothing, is the measure.

let world: World
let owner: Person
let members: Person[]
let groupId: string
let bodies = 0

beforeAll(async () => {
  world = await World.start()
  owner = await world.person('DOCTOR')
  members = [await world.person('STAFF'), await world.person('CAREGIVER'), await world.person('STAFF')]
  groupId = await world.group(owner, members)
  // Every execution of a selection with a body resolves it.
  const field = schema.getType('Message')
  const body = field && 'getFields' in field ? field.getFields().body : undefined
  if (!body || !('resolve' in body) || !body.resolve) throw new Error('no body to count')
  const { resolve } = body
  body.resolve = (...args) => {
    bodies += 1
    return resolve(...args)
  }
})
afterAll(() => world[Symbol.asyncDispose]())

const sameForAll = `fragment U on Update {
  cursor again: cursor at then: at conversationUnreadCount viewerUnreadCount total: viewerUnreadCount
  conversation { id kind title closedAt createdAt patient { id } }
  change { __typename
    ... on MessageSent { message { ...M } edge { cursor node { id } } }
    ... on MessageEdited { message { ...M } } ... on MessageDeleted { message { ...M } }
    ... on ReactionAdded { emoji user { displayName } message { ...M reactions { emoji count users { id } } } }
    ... on MessagePinned { user { id } message { id pinnedAt } } } }
  fragment M on Message { id body sequence sentAt priority mentions { id } sender { id displayName role }
    conversation { id title } systemEvent { kind } revisions { body } }`

const dependent: [what: string, selection: string][] = [
  ['whose key it is', 'change { ... on MessageSent { message { id body clientMessageId } } }'],
  ['who may edit it', 'change { ... on MessageSent { message { body viewerCanEdit editableUntil } } }'],
  ['how far it has come', 'change { ... on MessageSent { message { body deliveryState } } }'],
  [
    'the viewer’s counters',
    'conversation { id unreadCount } change { ... on MessageSent { message { body } } }',
  ],
  [
    'the viewer’s flags',
    'conversation { isMarkedUnread archivedAt lastActivityAt } change { ... on MessageSent { message { body } } }',
  ],
  [
    'whether they may send',
    'conversation { viewerCanSend } change { ... on MessageSent { message { body } } }',
  ],
  [
    'whom they have blocked',
    'change { ... on MessageSent { message { body sender { isActive viewerHasBlocked } } } }',
  ],
  ['what it answers', 'change { ... on MessageSent { message { body replyTo { id body } } } }'],
]

/** What everybody's stream says of what happens, and what polling answers to the same. */
async function follow(selection: string, fragments: string, happen: () => Promise<unknown>) {
  const people = [owner, ...members]
  const starts = await Promise.all(people.map((person) => updateCursor(person)))
  const query = `subscription ($after: String) { updates(after: $after) { __typename cursor ${selection} } } ${fragments}`
  const streams = people.map((person, index) => new Stream(person.socket(), starts[index] ?? null, query))
  await Promise.all(streams.map((stream) => stream.until((all) => all.length > 0)))
  bodies = 0
  await happen()
  const heads = await Promise.all(people.map((person) => updateCursor(person)))
  await Promise.all(
    streams.map((stream, index) => stream.until((all) => all.some(({ cursor }) => cursor === heads[index]))),
  )
  // The sender's answer has a body, too.
  const executed = bodies - 1
  const polled = await Promise.all(
    people.map((person, index) =>
      person
        .must<{ updates: { updates: unknown[] } }>(
          `query ($after: String!) { updates(after: $after) { updates { __typename cursor ${selection} } } } ${fragments}`,
          { after: starts[index] },
        )
        .then(({ updates }) => updates.updates),
    ),
  )
  // The first one said that it had caught up.
  const streamed = streams.map(({ all }) => all.slice(1))
  for (const stream of streams) await stream.close()
  return { streamed, polled, executed }
}

test('what is the same for all is executed once, and each has their own cursor, time and counters', async () => {
  let id = ''
  const { streamed, polled, executed } = await follow('...U', sameForAll, async () => {
    id = (await owner.send(groupId, 'to all', { mentionIds: [members[0]?.id], priority: 'URGENT' })).id
  })
  expect(streamed).toEqual(polled)
  expect(executed).toBe(1)
  expect(new Set(streamed.map(([update]) => update?.cursor)).size).toBe(4)
  expect(streamed.map(([update]) => update?.conversationUnreadCount)).toEqual([0, 1, 1, 1])

  const more = await follow('...U', sameForAll, async () => {
    await members[0]?.mutate('addReaction', { messageId: id, emoji: '👍' })
    await members[1]?.mutate('addReaction', { messageId: id, emoji: '👍' })
    await owner.mutate('pinMessage', { messageId: id })
    await owner.mutate('editMessage', { messageId: id, body: 'to all of you' })
    await owner.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' })
  })
  expect(more.streamed.map((updates) => updates.map(({ change }) => change?.__typename))).toEqual(
    Array(4).fill(['ReactionAdded', 'ReactionAdded', 'MessagePinned', 'MessageEdited', 'MessageDeleted']),
  )
})

test.each(dependent)('%s is worked out for each', async (_, selection) => {
  const { id: replyToId } = await owner.send(groupId, 'a question')
  await members[2]?.mutate('deleteMessage', { messageId: replyToId, scope: 'ME' })
  const { streamed, polled, executed } = await follow(selection, '', async () => {
    await members[0]?.mutate('blockUser', { userId: members[1]?.id })
    await members[1]?.mutate('markUnread', { conversationId: groupId })
    await owner.send(groupId, 'an answer', { replyToId })
    await members[0]?.mutate('unblockUser', { userId: members[1]?.id })
  })
  const said = (updates: unknown[]) =>
    updates.filter((update) => JSON.stringify(update).includes('an answer'))
  // deliveryState and the flags are as of when each was read; nothing here moves them in between.
  expect(streamed.map(said)).toEqual(polled.map(said))
  expect(executed).toBeGreaterThanOrEqual(4)
})

test('a variable that only looks like the cursor keeps people apart', async () => {
  const query = `subscription ($after: Boolean!) { updates { cursor
    change { ... on MessageSent { message { sequence body @include(if: $after) } } } } }`
  const streams = [true, false].map((after, index) => {
    const said: unknown[] = []
    const person = members[index + 1]
    const stop = person?.socket().subscribe(
      { query, variables: { after } },
      {
        next: ({ data }) => said.push(data?.updates),
        error: () => {},
        complete: () => {},
      },
    )
    return { said, stop }
  })
  await expect.poll(() => streams.every(({ said }) => said.length === 1)).toBe(true)
  await owner.send(groupId, 'for one of them')
  await expect.poll(() => streams.every(({ said }) => said.length === 2)).toBe(true)
  expect(streams.map(({ said }) => JSON.stringify(said).includes('for one of them'))).toEqual([true, false])
  for (const { stop } of streams) stop?.()
})

test('whether somebody has reacted is worked out for each', async () => {
  const { id: messageId } = await owner.send(groupId, 'to be liked')
  const selection =
    'change { ... on ReactionAdded { message { body reactions { emoji viewerHasReacted } } } }'
  const { streamed, polled } = await follow(selection, '', async () => {
    await members[0]?.mutate('addReaction', { messageId, emoji: '👍' })
  })
  expect(streamed).toEqual(polled)
  expect(streamed.map(([update]) => JSON.stringify(update).includes('"viewerHasReacted":true'))).toEqual([
    false,
    true,
    false,
    false,
  ])
})

test('who has blocked the sender is told nothing, and the others share', async () => {
  await members[1]?.mutate('blockUser', { userId: members[2]?.id })
  const { streamed, polled, executed } = await follow('...U', sameForAll, async () => {
    await members[2]?.send(groupId, 'not for everybody')
  })
  expect(streamed).toEqual(polled)
  expect(streamed.map((updates) => updates.length)).toEqual([1, 1, 0, 1])
  expect(executed).toBe(1)
})
