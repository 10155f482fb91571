import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KnownKind, knownKinds } from '../../src/features/stream/kinds.js'
import type { Person } from '../support/person.js'
import { allUpdatesAfter, updateCursor } from '../support/updates-page.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

/** What each kind of row tells of while all is there. */
const present: Record<KnownKind, string> = {
  MESSAGE_SENT: 'MessageSent',
  MESSAGE_EDITED: 'MessageEdited',
  MESSAGE_DELETED: 'MessageDeleted',
  MESSAGE_HIDDEN: 'MessageHidden',
  REACTION_ADDED: 'ReactionAdded',
  REACTION_REMOVED: 'ReactionRemoved',
  MESSAGE_PINNED: 'MessagePinned',
  MESSAGE_UNPINNED: 'MessageUnpinned',
  MESSAGE_ACKNOWLEDGED: 'MessageAcknowledged',
  MESSAGES_DELIVERED: 'MessagesDelivered',
  MESSAGES_READ: 'MessagesRead',
  CONVERSATION_OPENED: 'ConversationOpened',
  CONVERSATION_CHANGED: 'ConversationChanged',
  PARTICIPANT_JOINED: 'ParticipantJoined',
  PARTICIPANT_CHANGED: 'ParticipantChanged',
  PARTICIPANT_LEFT: 'ParticipantLeft',
  VIEWER_CHANGED: 'ViewerChanged',
}

const ofMessages: readonly KnownKind[] = [
  'MESSAGE_SENT',
  'MESSAGE_EDITED',
  'MESSAGE_DELETED',
  'REACTION_ADDED',
  'REACTION_REMOVED',
  'MESSAGE_PINNED',
  'MESSAGE_UNPINNED',
  'MESSAGE_ACKNOWLEDGED',
]
const ofParticipants: readonly KnownKind[] = [
  'MESSAGES_DELIVERED',
  'MESSAGES_READ',
  'PARTICIPANT_JOINED',
  'PARTICIPANT_CHANGED',
  'PARTICIPANT_LEFT',
]

interface Scene {
  readonly viewer: Person
  readonly owner: Person
  readonly conversationId: string
  readonly messageId: string
}

const rowIdOf = (id: string) => Buffer.from(id, 'base64url').toString().split(':')[1] ?? ''

const situations: [name: string, gone: readonly KnownKind[], happen: (scene: Scene) => Promise<unknown>][] = [
  [
    'a message deleted for oneself',
    ofMessages,
    ({ viewer, messageId }) => viewer.mutate('deleteMessage', { messageId, scope: 'ME' }),
  ],
  [
    'a message hidden by a block',
    ofMessages,
    ({ viewer, conversationId, messageId }) =>
      world.sql(
        "INSERT INTO hidden (user_id, message_id, conversation_id, reason) VALUES ($1::uuid, $2::uuid, $3::uuid, 'BLOCKED')",
        [viewer.rowId, rowIdOf(messageId), rowIdOf(conversationId)],
      ),
  ],
  [
    'a message purged',
    ofMessages,
    ({ messageId }) => world.sql('DELETE FROM messages WHERE id = $1::uuid', [rowIdOf(messageId)]),
  ],
  [
    'a conversation purged',
    [...ofMessages, ...ofParticipants, 'CONVERSATION_OPENED', 'CONVERSATION_CHANGED'],
    ({ conversationId }) =>
      world.sql('DELETE FROM conversations WHERE id = $1::uuid', [rowIdOf(conversationId)]),
  ],
  [
    'a former member, who sees no other participant',
    ofParticipants,
    ({ viewer, owner, conversationId }) =>
      owner.mutate('removeParticipant', { conversationId, userId: viewer.id }),
  ],
]

test.each(situations)('%s: change is null, and the stream goes on', async (_name, gone, happen) => {
  const owner = await world.person('DOCTOR')
  const viewer = await world.person('STAFF')
  const other = await world.person('CAREGIVER')
  const conversationId = await world.group(owner, [viewer, other])
  const elsewhere = await world.group(owner, [viewer])
  const { id: messageId, sequence } = await owner.send(conversationId, 'here today')
  const start = await updateCursor(viewer)
  for (const kind of knownKinds) {
    await world.sql(
      "SELECT append_updates_v2(ARRAY[$1::uuid], $2::update_kind, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::int, '👍')",
      [viewer.rowId, kind, rowIdOf(conversationId), rowIdOf(messageId), owner.rowId, other.rowId, sequence],
    )
  }
  const before = await allUpdatesAfter(viewer, start)
  expect(before.map((update) => update.change?.__typename)).toEqual(knownKinds.map((kind) => present[kind]))

  const live = viewer.follow()
  await live.caughtUp()
  await happen({ viewer, owner, conversationId, messageId })
  await owner.send(elsewhere, 'life goes on')
  await live.until((updates) => updates.some((update) => update.conversation?.id === elsewhere))

  const page = await allUpdatesAfter(viewer, start)
  const isPurged = gone.includes('CONVERSATION_OPENED')
  expect(
    page
      .slice(0, knownKinds.length)
      .map(({ cursor, conversation, change }) => ({ cursor, conversation, change })),
  ).toEqual(
    knownKinds.map((kind, index) => ({
      cursor: before[index]?.cursor,
      conversation: isPurged ? null : { id: conversationId },
      change: gone.includes(kind) ? null : expect.objectContaining({ __typename: present[kind] }),
    })),
  )
  expect(page.at(-1)?.change).toMatchObject({ __typename: 'MessageSent', message: { body: 'life goes on' } })
  const stream = viewer.follow(start)
  await stream.caughtUp()
  expect([stream.updates, stream.errors]).toEqual([page, []])
  expect([live.updates, live.errors]).toEqual([page.slice(knownKinds.length), []])
  await stream.close()
  await live.close()
})
