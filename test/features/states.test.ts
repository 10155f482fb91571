import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf } from '../support/invariants.js'
import type { Person, Result } from '../support/person.js'
import { allUpdatesAfter, updateCursor } from '../support/updates-page.js'
import { World } from '../support/world.js'

// docs/states.md holds the table; each of its rows is brought about, through the API, and looked at.

const text = readFileSync(join(import.meta.dirname, '../../docs/states.md'), 'utf8')
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| before'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  expect(await faultsOf(world)).toEqual([])
  await world[Symbol.asyncDispose]()
})

interface Scene {
  readonly you: Person
  readonly owner: Person
  readonly other: Person
  readonly groupId: string
  /** Said by the owner, urgent, and read by you. */
  readonly oldId: string
  /** Said by the owner and not read by you, where the state says so. */
  unreadId: string
}

type Step = (scene: Scene) => Promise<unknown>

const inGroup =
  (verb: string, more: object = {}) =>
  (person: Person, { groupId }: Scene) =>
    person.mutate(verb, { conversationId: groupId, ...more })
const onOld =
  (verb: string, more: object = {}) =>
  (person: Person, { oldId }: Scene) =>
    person.mutate(verb, { messageId: oldId, ...more })
const says =
  (more: (scene: Scene) => object = () => ({})) =>
  (person: Person, scene: Scene) =>
    person.trySend(scene.groupId, 'said now', { ...more(scene) })
const mentioning = says(({ you }) => ({ mentionIds: [you.id] }))
const urgently = says(() => ({ priority: 'URGENT' }))

const passMute: Step = ({ you, groupId }) =>
  world.sql(
    "UPDATE participants SET muted_until = clock_timestamp() - interval '1 second' WHERE user_id = $1::uuid AND conversation_id = $2::uuid",
    [you.rowId, rowIdOf(groupId)],
  )

const readAll: Step = async (scene) => {
  const newest = (await scene.you.history(scene.groupId)).at(-1)
  return inGroup('markRead', { upToMessageId: newest?.id })(scene.you, scene)
}

/** In the order in which they are brought about. */
const conditions: Record<string, Step> = {
  listed: async () => {},
  blocking: (scene) => scene.you.mutate('blockUser', { userId: scene.other.id }),
  unblocked: async ({ you, other }) => {
    await you.mutate('blockUser', { userId: other.id })
    await you.mutate('unblockUser', { userId: other.id })
  },
  unread: async (scene) => {
    scene.unreadId = (await scene.owner.send(scene.groupId, 'not read yet')).id
  },
  muted: (scene) => inGroup('muteConversation', { until: '2199-01-01T00:00:00.000Z' })(scene.you, scene),
  'mute over': passMute,
  marked: (scene) => inGroup('markUnread')(scene.you, scene),
  archived: (scene) => inGroup('archiveConversation')(scene.you, scene),
  closed: (scene) => inGroup('closeConversation')(scene.owner, scene),
  left: (scene) => inGroup('removeParticipant', { userId: scene.you.id })(scene.owner, scene),
}

const events: Record<string, Step> = {
  'you archive': (scene) => inGroup('archiveConversation')(scene.you, scene),
  'you unarchive': (scene) => inGroup('unarchiveConversation')(scene.you, scene),
  'you mute': (scene) => inGroup('muteConversation', { until: '2199-01-01T00:00:00.000Z' })(scene.you, scene),
  'you unmute': (scene) => inGroup('muteConversation', { until: null })(scene.you, scene),
  'the mute runs out': passMute,
  'you mark it unread': (scene) => inGroup('markUnread')(scene.you, scene),
  'you mark it read': readAll,
  'you send': (scene) => says()(scene.you, scene),
  'you react': (scene) => onOld('addReaction', { emoji: '👍' })(scene.you, scene),
  'you acknowledge': (scene) => onOld('acknowledgeMessage')(scene.you, scene),
  'you leave': (scene) => inGroup('removeParticipant', { userId: scene.you.id })(scene.you, scene),
  'you block the other': (scene) => scene.you.mutate('blockUser', { userId: scene.other.id }),
  'you unblock the other': (scene) => scene.you.mutate('unblockUser', { userId: scene.other.id }),
  'the owner sends': (scene) => says()(scene.owner, scene),
  'the owner sends, mentioning you': (scene) => mentioning(scene.owner, scene),
  'the owner sends something urgent': (scene) => urgently(scene.owner, scene),
  'the owner reacts': (scene) => onOld('addReaction', { emoji: '👍' })(scene.owner, scene),
  'the owner pins': (scene) => onOld('pinMessage')(scene.owner, scene),
  'the owner edits what you may read': (scene) =>
    onOld('editMessage', { body: 'corrected' })(scene.owner, scene),
  'the owner deletes what you may read': (scene) =>
    onOld('deleteMessage', { scope: 'EVERYONE' })(scene.owner, scene),
  'the owner deletes what you have not read': ({ owner, unreadId }) =>
    owner.mutate('deleteMessage', { messageId: unreadId, scope: 'EVERYONE' }),
  'the owner renames': (scene) => inGroup('updateGroup', { title: 'Another name' })(scene.owner, scene),
  'the owner adds somebody': async (scene) => {
    const userIds = [(await world.person('CAREGIVER')).id]
    return inGroup('addParticipants', { userIds })(scene.owner, scene)
  },
  'the owner adds you': (scene) =>
    inGroup('addParticipants', { userIds: [scene.you.id] })(scene.owner, scene),
  'the owner removes you': (scene) =>
    inGroup('removeParticipant', { userId: scene.you.id })(scene.owner, scene),
  'the owner leaves': (scene) => inGroup('removeParticipant', { userId: scene.owner.id })(scene.owner, scene),
  'the owner closes': (scene) => inGroup('closeConversation')(scene.owner, scene),
  'the owner reopens': (scene) => inGroup('reopenConversation')(scene.owner, scene),
  'the other sends': (scene) => says()(scene.other, scene),
  'the other sends, mentioning you': (scene) => mentioning(scene.other, scene),
  'the other sends something urgent': (scene) => urgently(scene.other, scene),
  'the other reacts': (scene) => onOld('addReaction', { emoji: '🙏' })(scene.other, scene),
}

function rowIdOf(id: string): string {
  return Buffer.from(id, 'base64url').toString().split(':')[1] ?? ''
}

async function newScene(): Promise<Scene> {
  const owner = await world.person('DOCTOR')
  const you = await world.person('STAFF')
  const other = await world.person('CAREGIVER')
  const groupId = await world.group(owner, [you, other])
  const { id: oldId } = await owner.send(groupId, 'said before', { priority: 'URGENT' })
  await you.mutate('markRead', { conversationId: groupId, upToMessageId: oldId })
  return { you, owner, other, groupId, oldId, unreadId: '' }
}

interface Shown {
  readonly conversation: {
    readonly archivedAt: string | null
    readonly mutedUntil: string | null
    readonly isMarkedUnread: boolean
    readonly unreadCount: number
    readonly closedAt: string | null
    readonly participant: { readonly leftAt: string | null }
  }
  readonly viewer: { readonly unreadCount: number; readonly unreadConversationCount: number }
  readonly user: { readonly viewerHasBlocked: boolean }
}

/** The state in the table's words, and whether it counts. */
async function stateOf({ you, other, groupId }: Scene): Promise<{ after: string[]; counts: string }> {
  const { conversation, viewer, user } = await you.must<Shown>(
    `query ($id: ID!, $me: ID!, $other: String!) {
       conversation(id: $id) { archivedAt mutedUntil isMarkedUnread unreadCount closedAt participant(userId: $me) { leftAt } }
       viewer { unreadCount unreadConversationCount } user(externalId: $other) { viewerHasBlocked } }`,
    { id: groupId, me: you.id, other: other.externalId },
  )
  const words = {
    [conversation.archivedAt === null ? 'listed' : 'archived']: true,
    blocking: user.viewerHasBlocked,
    muted: conversation.mutedUntil !== null,
    marked: conversation.isMarkedUnread,
    unread: conversation.unreadCount > 0,
    closed: conversation.closedAt !== null,
    left: conversation.participant.leftAt !== null,
  }
  const isCounted = viewer.unreadConversationCount === 1
  // The messages are in the total exactly when the conversation is listed.
  expect(viewer.unreadCount).toBe(conversation.archivedAt === null ? conversation.unreadCount : 0)
  return {
    after: Object.entries(words)
      .filter(([, holds]) => holds)
      .map(([word]) => word)
      .sort(),
    counts: isCounted ? 'yes' : 'no',
  }
}

const wordsOf = (cell: string) => cell.split(', ')

test.each(rows)('%s: %s', async (before = '', event = '', after = '', counts = '', told = '') => {
  const scene = await newScene()
  const wanted = wordsOf(before)
  for (const word of wanted) expect(conditions).toHaveProperty([word])
  for (const [word, bringAbout] of Object.entries(conditions))
    if (wanted.includes(word)) await bringAbout(scene)
  const start = await updateCursor(scene.you)
  const result = await events[event]?.(scene)
  const code = isRefusal(result) ? result.code : undefined
  const updates = await allUpdatesAfter(scene.you, start)
  const kinds = updates.map(({ change }) => change?.__typename)
  expect({ ...(await stateOf(scene)), told: code ?? (kinds.join(', ') || '–') }).toEqual({
    after: wordsOf(after).sort(),
    counts,
    told,
  })
  if (code) expect(kinds).toEqual([])
})

function isRefusal(result: unknown): result is Result & { code: string } {
  return typeof result === 'object' && result !== null && 'code' in result
}

test('every condition and event that is known here stands in the table', () => {
  const known = { conditions: new Set(Object.keys(conditions)), events: new Set(Object.keys(events)) }
  expect({
    conditions: new Set(rows.flatMap(([before = '']) => wordsOf(before))),
    events: new Set(rows.map(([, event]) => event)),
  }).toEqual(known)
})
