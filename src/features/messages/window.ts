import type { VerbContext } from '../context.js'
import type { MessageRow } from './rows.js'

/** How far the viewer has read a conversation, and how many unread messages they have there. */
export interface ReadPosition {
  readonly conversationId: string
  readonly lastReadSequence: number
  readonly unread: number
}

/**
 * The sequence of the viewer's first unread message in each conversation; null where nothing is unread. One statement,
 * none where nothing is unread anywhere. Each walk begins behind the read position and passes only over what does not
 * count as unread: one's own, SYSTEM, deleted and hidden messages.
 */
export async function firstUnread(
  ctx: VerbContext,
  positions: readonly ReadPosition[],
): Promise<(number | null)[]> {
  const asked = positions.filter(({ unread }) => unread > 0)
  if (asked.length === 0) return positions.map(() => null)
  const rows = await ctx.db.query<{ conversationId: string; sequence: number }>(
    'first-unread',
    `SELECT f.conversation_id AS "conversationId", first.sequence FROM unnest($1::uuid[], $2::int[]) AS f (conversation_id, after)
      CROSS JOIN LATERAL (
        SELECT m.sequence FROM memberships s
         CROSS JOIN LATERAL (
           SELECT x.sequence FROM messages x
            WHERE x.conversation_id = s.conversation_id
              AND x.sequence BETWEEN greatest(s.from_sequence, f.after + 1) AND coalesce(s.to_sequence, 2147483647)
              AND x.kind <> 'SYSTEM' AND x.deleted_at IS NULL AND x.sender_id <> $3::uuid
              AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = $3::uuid AND h.message_id = x.id)
            ORDER BY x.sequence LIMIT 1) m
         WHERE s.conversation_id = f.conversation_id AND s.user_id = $3::uuid
         ORDER BY m.sequence LIMIT 1) first`,
    [
      asked.map(({ conversationId }) => conversationId),
      asked.map(({ lastReadSequence }) => lastReadSequence),
      ctx.viewer.id,
    ],
  )
  const byConversation = new Map(rows.map((row) => [row.conversationId, row.sequence]))
  return positions.map(({ conversationId, unread }) =>
    unread > 0 ? (byConversation.get(conversationId) ?? null) : null,
  )
}

/** A stretch of a conversation, oldest first, and whether there is more on either side. */
export interface MessageStretch {
  readonly messages: readonly MessageRow[]
  readonly hasPrevious: boolean
  readonly hasNext: boolean
}

/**
 * The `size` messages around the place between `before` and `from`, both oldest first: as many before as from it on, and
 * where one side has fewer, more of the other. Each side holds what there is, at least one more than `size` where there is more.
 */
export function stretchAround(
  before: readonly MessageRow[],
  from: readonly MessageRow[],
  size: number,
): MessageStretch {
  const half = Math.floor(size / 2)
  const earlier = Math.min(before.length, Math.max(half, size - from.length))
  const later = Math.min(from.length, size - earlier)
  return {
    messages: [...before.slice(before.length - earlier), ...from.slice(0, later)],
    hasPrevious: earlier < before.length,
    hasNext: later < from.length,
  }
}
