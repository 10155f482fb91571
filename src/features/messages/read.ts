import type { Database } from '../../platform/db/database.js'
import { groupBy } from '../../platform/group-by.js'
import type { Reading, VerbContext } from '../context.js'
import type { UpdateRow } from '../stream/rows.js'
import { visibleMessageSql } from './policy.js'
import { type MessageRow, messageColumns, sharedMessageColumns, shareMessages } from './rows.js'

interface MessageFor {
  readonly id: string
  readonly userId: string
}

/** The messages of these ids that the viewer may see, in the order asked; null for the others. */
export function messagesById(ctx: VerbContext, ids: readonly string[]): Promise<(MessageRow | null)[]> {
  return ctx.gathering.load(
    messagesFor,
    ids.map((id) => ({ id, userId: ctx.viewer.id })),
  )
}

async function messagesFor({ db }: Reading, keys: readonly MessageFor[]): Promise<(MessageRow | null)[]> {
  const rows = await db.query<MessageRow & { ordinal: number }>(
    'messages-by-id',
    `SELECT k.ordinal, ${sharedMessageColumns} FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k (id, user_id, ordinal)
       JOIN messages m ON m.id = k.id WHERE ${visibleMessageSql('k.user_id')}`,
    [keys.map((key) => key.id), keys.map((key) => key.userId)],
  )
  return inOrder(keys, rows)
}

export interface MessagePlace {
  readonly conversationId: string
  readonly sequence: number
}

/** The messages at these places that the viewer may see; null for the others. */
export function messagesByPlace(
  ctx: VerbContext,
  places: readonly MessagePlace[],
): Promise<(MessageRow | null)[]> {
  return ctx.gathering.load(
    messagesAt,
    places.map((place) => ({ ...place, userId: ctx.viewer.id })),
  )
}

async function messagesAt(
  { db }: Reading,
  keys: readonly (MessagePlace & { readonly userId: string })[],
): Promise<(MessageRow | null)[]> {
  const rows = await db.query<MessageRow & { ordinal: number }>(
    'messages-by-place',
    `SELECT k.ordinal, ${sharedMessageColumns}
       FROM unnest($1::uuid[], $2::int[], $3::uuid[]) WITH ORDINALITY AS k (conversation_id, sequence, user_id, ordinal)
       JOIN messages m ON m.conversation_id = k.conversation_id AND m.sequence = k.sequence
      WHERE ${visibleMessageSql('k.user_id')}`,
    [keys.map((key) => key.conversationId), keys.map((key) => key.sequence), keys.map((key) => key.userId)],
  )
  return inOrder(keys, rows)
}

/** The row of each key, or null. */
function inOrder(
  keys: readonly unknown[],
  rows: readonly (MessageRow & { readonly ordinal: number })[],
): (MessageRow | null)[] {
  const shared = shareMessages(rows)
  const found = new Array<MessageRow | null>(keys.length).fill(null)
  for (const { ordinal, id } of rows) found[ordinal - 1] = shared.get(id) ?? null
  return found
}

/** A slice of a conversation: the `limit` messages next to an end, or beyond a sequence. */
export interface MessageSlice {
  readonly conversationId: string
  readonly after: number | null
  readonly before: number | null
  readonly limit: number
  readonly fromEnd: boolean
}

/**
 * What the viewer may see of each slice, oldest first. Walks the stays rather than the conversation, so that a page
 * costs the same at any depth and for a former member. Slices are read one statement per distinct direction and limit.
 */
export async function messageSlices(
  ctx: VerbContext,
  slices: readonly MessageSlice[],
): Promise<MessageRow[][]> {
  const results = new Map<MessageSlice, MessageRow[]>()
  for (const alike of groupBy(slices, (slice) => `${slice.fromEnd}:${slice.limit}`).values()) {
    const [{ fromEnd, limit } = { fromEnd: false, limit: 0 }] = alike
    const order = fromEnd ? 'DESC' : 'ASC'
    const rows = await ctx.db.query<MessageRow & { slice: number }>(
      `message-slices-${order}`,
      `SELECT f.slice, page.* FROM unnest($1::uuid[], $2::int[], $3::int[]) WITH ORDINALITY AS f (conversation_id, after, before, slice)
        CROSS JOIN LATERAL (
          SELECT ${messageColumns} FROM memberships s
           CROSS JOIN LATERAL (
             SELECT * FROM messages x
              WHERE x.conversation_id = s.conversation_id
                AND x.sequence BETWEEN greatest(s.from_sequence, f.after + 1)
                                   AND least(coalesce(s.to_sequence, 2147483647), f.before - 1)
                AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = $4::uuid AND h.message_id = x.id)
              ORDER BY x.sequence ${order} LIMIT $5) m
           WHERE s.conversation_id = f.conversation_id AND s.user_id = $4::uuid
           ORDER BY m.sequence ${order} LIMIT $5) page
        ORDER BY f.slice, page.sequence`,
      [
        alike.map((slice) => slice.conversationId),
        alike.map((slice) => slice.after ?? 0),
        alike.map((slice) => slice.before ?? 2_147_483_647),
        ctx.viewer.id,
        limit,
      ],
    )
    const bySlice = groupBy(rows, (row) => row.slice)
    alike.forEach((slice, index) => {
      results.set(slice, bySlice.get(index + 1) ?? [])
    })
  }
  return slices.map((slice) => results.get(slice) ?? [])
}

const tellsOfMessage = new Set([
  'MESSAGE_SENT',
  'MESSAGE_EDITED',
  'MESSAGE_DELETED',
  'REACTION_ADDED',
  'REACTION_REMOVED',
  'MESSAGE_PINNED',
  'MESSAGE_UNPINNED',
  'MESSAGE_ACKNOWLEDGED',
])

/**
 * The messages that these rows tell of, each for its row's person and under what they may see; one statement for all of a
 * node's people. The same message read for two people is one object, so that it is opened once. Null: not for them;
 * a row that tells of no message is not in the map.
 */
export async function messagesOfUpdates(
  db: Database,
  updates: readonly UpdateRow[],
): Promise<Map<UpdateRow, MessageRow | null>> {
  const asked = updates.filter((update) => update.messageId !== null && tellsOfMessage.has(update.kind))
  if (asked.length === 0) return new Map()
  const rows = await db.query<MessageRow & { viewerId: string }>(
    'messages-of-updates',
    `SELECT p.user_id AS "viewerId", ${sharedMessageColumns} FROM unnest($1::uuid[], $2::uuid[]) AS p (message_id, user_id)
       JOIN messages m ON m.id = p.message_id WHERE ${visibleMessageSql('p.user_id')}`,
    [asked.map((update) => update.messageId), asked.map((update) => update.userId)],
  )
  const shared = shareMessages(rows)
  const visible = new Map(rows.map(({ viewerId, id }) => [`${viewerId}:${id}`, shared.get(id) ?? null]))
  return new Map(
    asked.map((update) => [update, visible.get(`${update.userId}:${update.messageId}`) ?? null] as const),
  )
}
