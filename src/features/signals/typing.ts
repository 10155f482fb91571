import { groupBy } from '../../platform/group-by.js'
import type { Services } from '../context.js'
import { visibleTypistSql } from './policy.js'

/** Whose view of which conversation. */
export interface TypingKey {
  readonly viewerId: string
  readonly conversationId: string
}

/**
 * Who types there as each viewer may know it, in the order in which they began. One statement for all conversations in which
 * anybody types, none where nobody does.
 */
export async function typistsFor(
  { db, typing }: Pick<Services, 'db' | 'typing'>,
  keys: readonly TypingKey[],
): Promise<string[][]> {
  // Several devices of one person watch the same.
  const distinct = new Map(keys.map((key) => [nameOf(key), key]))
  const asked = [...distinct.values()].flatMap(({ viewerId, conversationId }) =>
    typing.typistsOf(conversationId).map((typistId) => ({ viewerId, conversationId, typistId })),
  )
  if (asked.length === 0) return keys.map(() => [])
  const rows = await db.query<{ ordinal: number }>(
    'typists',
    `SELECT k.ordinal::int AS ordinal
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS k (viewer_id, conversation_id, typist_id, ordinal)
       JOIN participants pv ON pv.conversation_id = k.conversation_id AND pv.user_id = k.viewer_id
       JOIN participants pt ON pt.conversation_id = k.conversation_id AND pt.user_id = k.typist_id
       JOIN users v ON v.id = k.viewer_id
       JOIN users t ON t.id = k.typist_id
      WHERE ${visibleTypistSql}`,
    [
      asked.map((each) => each.viewerId),
      asked.map((each) => each.conversationId),
      asked.map((each) => each.typistId),
    ],
  )
  const visible = new Set(rows.map((row) => asked[row.ordinal - 1]))
  const byKey = groupBy(
    asked.filter((each) => visible.has(each)),
    nameOf,
  )
  return keys.map((key) => (byKey.get(nameOf(key)) ?? []).map((each) => each.typistId))
}

function nameOf({ viewerId, conversationId }: TypingKey): string {
  return `${viewerId}:${conversationId}`
}

/** Who takes part in these conversations now: whom their typing may concern. */
export async function participantsNow(
  { db }: Pick<Services, 'db'>,
  conversationIds: readonly string[],
): Promise<{ conversationId: string; userId: string }[]> {
  return db.query(
    'participants-now',
    `SELECT conversation_id AS "conversationId", user_id AS "userId" FROM participants
      WHERE conversation_id = ANY ($1::uuid[]) AND left_at IS NULL`,
    [conversationIds],
  )
}
