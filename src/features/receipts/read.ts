import { groupBy } from '../../platform/group-by.js'
import type { Reading, VerbContext } from '../context.js'

export const deliveryStates = ['SENT', 'DELIVERED', 'READ'] as const
export type DeliveryState = (typeof deliveryStates)[number]

// The current participants other than the sender who may see the message: those whom its state is about. Whoever deleted it
// for themselves still counts, or the sender would learn of the deletion.
const recipients = `
  JOIN participants p ON p.conversation_id = m.conversation_id AND p.left_at IS NULL AND p.user_id IS DISTINCT FROM m.sender_id
   AND EXISTS (SELECT 1 FROM memberships s WHERE s.conversation_id = m.conversation_id AND s.user_id = p.user_id
                AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence))
   AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = p.user_id AND h.message_id = m.id AND h.reason = 'BLOCKED')`

/** A former member is told of nobody. */
const takesPartSql = (conversationId: string, viewerId: string) =>
  `EXISTS (SELECT 1 FROM participants v WHERE v.conversation_id = ${conversationId} AND v.user_id = ${viewerId} AND v.left_at IS NULL)`

/** The least state over each message's recipients; SENT where there are none. */
export function deliveryStatesOf(ctx: VerbContext, messageIds: readonly string[]): Promise<DeliveryState[]> {
  return ctx.gathering.load(
    statesFor,
    messageIds.map((id) => ({ id, userId: ctx.viewer.id })),
  )
}

async function statesFor(
  { db }: Reading,
  keys: readonly { readonly id: string; readonly userId: string }[],
): Promise<DeliveryState[]> {
  const rows = await db.query<{ ordinal: number; state: DeliveryState }>(
    'delivery-states',
    // What a message's state is, is worked out once, for however many people.
    `WITH states AS MATERIALIZED (
       SELECT m.id, m.conversation_id, CASE WHEN bool_and(p.shown_read_sequence >= m.sequence) THEN 'READ'
                WHEN bool_and(p.last_delivered_sequence >= m.sequence) THEN 'DELIVERED' ELSE 'SENT' END AS state
         FROM messages m ${recipients}
        WHERE m.id = ANY ($3::uuid[]) AND m.kind <> 'SYSTEM' GROUP BY m.id)
     SELECT k.ordinal, s.state FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k (id, user_id, ordinal)
       JOIN states s ON s.id = k.id WHERE ${takesPartSql('s.conversation_id', 'k.user_id')}`,
    [keys.map((key) => key.id), keys.map((key) => key.userId), [...new Set(keys.map((key) => key.id))]],
  )
  const states = new Map(rows.map((row) => [row.ordinal, row.state]))
  return keys.map((_, index) => states.get(index + 1) ?? 'SENT')
}

/** When a message reached somebody, and when they read it, as far as they let others know. */
export interface ReceiptRow {
  readonly messageId: string
  readonly userId: string
  readonly deliveredAt: Date | null
  readonly readAt: Date | null
}

/** The receipts of each message, one per recipient whom it has reached, in the order in which they joined. */
export async function receiptsOf(ctx: VerbContext, messageIds: readonly string[]): Promise<ReceiptRow[][]> {
  const rows = await ctx.db.query<ReceiptRow>(
    'receipts-of',
    `SELECT m.id AS "messageId", p.user_id AS "userId", least(delivered.at, seen.at) AS "deliveredAt", shown.at AS "readAt"
       FROM messages m ${recipients}
       LEFT JOIN LATERAL (SELECT r.at FROM receipts r WHERE r.conversation_id = m.conversation_id AND r.user_id = p.user_id
          AND r.kind = 'DELIVERED' AND r.up_to_sequence >= m.sequence ORDER BY r.up_to_sequence LIMIT 1) delivered ON true
       LEFT JOIN LATERAL (SELECT r.at FROM receipts r WHERE r.conversation_id = m.conversation_id AND r.user_id = p.user_id
          AND r.kind = 'READ' AND r.up_to_sequence >= m.sequence ORDER BY r.up_to_sequence LIMIT 1) seen ON true
       LEFT JOIN LATERAL (SELECT r.at FROM receipts r WHERE r.conversation_id = m.conversation_id AND r.user_id = p.user_id
          AND r.kind = 'READ' AND NOT r.private AND r.up_to_sequence >= m.sequence ORDER BY r.up_to_sequence LIMIT 1) shown ON true
      WHERE m.id = ANY ($1::uuid[]) AND m.kind <> 'SYSTEM' AND ${takesPartSql('m.conversation_id', '$2::uuid')} AND p.last_delivered_sequence >= m.sequence
      ORDER BY m.id, p.joined_at, p.id`,
    [messageIds, ctx.viewer.id],
  )
  const byMessage = groupBy(rows, (row) => row.messageId)
  return messageIds.map((id) => byMessage.get(id) ?? [])
}
