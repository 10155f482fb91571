import { groupBy } from '../../platform/group-by.js'
import type { VerbContext } from '../context.js'

export const deliveryStates = ['SENT', 'DELIVERED', 'READ'] as const
export type DeliveryState = (typeof deliveryStates)[number]

// The current participants other than the sender who may see the message: those whom its state is about. Whoever deleted it
// for themselves still counts, or the sender would learn of the deletion. A former member is told of nobody.
const recipients = `
  messages m
  JOIN participants p ON p.conversation_id = m.conversation_id AND p.left_at IS NULL AND p.user_id IS DISTINCT FROM m.sender_id
   AND EXISTS (SELECT 1 FROM memberships s WHERE s.conversation_id = m.conversation_id AND s.user_id = p.user_id
                AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence))
   AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = p.user_id AND h.message_id = m.id AND h.reason = 'BLOCKED')
   AND EXISTS (SELECT 1 FROM participants v WHERE v.conversation_id = m.conversation_id AND v.user_id = $2::uuid AND v.left_at IS NULL)`

/** The least state over each message's recipients; SENT where there are none. */
export async function deliveryStatesOf(
  ctx: VerbContext,
  messageIds: readonly string[],
): Promise<DeliveryState[]> {
  const rows = await ctx.db.query<{ id: string; state: DeliveryState }>(
    'delivery-states',
    `SELECT m.id, CASE WHEN bool_and(p.shown_read_sequence >= m.sequence) THEN 'READ'
                       WHEN bool_and(p.last_delivered_sequence >= m.sequence) THEN 'DELIVERED' ELSE 'SENT' END AS state
       FROM ${recipients} WHERE m.id = ANY ($1::uuid[]) AND m.kind <> 'SYSTEM' GROUP BY m.id`,
    [messageIds, ctx.viewer.id],
  )
  const byId = new Map(rows.map((row) => [row.id, row.state]))
  return messageIds.map((id) => byId.get(id) ?? 'SENT')
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
       FROM ${recipients}
       LEFT JOIN LATERAL (SELECT r.at FROM receipts r WHERE r.conversation_id = m.conversation_id AND r.user_id = p.user_id
          AND r.kind = 'DELIVERED' AND r.up_to_sequence >= m.sequence ORDER BY r.up_to_sequence LIMIT 1) delivered ON true
       LEFT JOIN LATERAL (SELECT r.at FROM receipts r WHERE r.conversation_id = m.conversation_id AND r.user_id = p.user_id
          AND r.kind = 'READ' AND r.up_to_sequence >= m.sequence ORDER BY r.up_to_sequence LIMIT 1) seen ON true
       LEFT JOIN LATERAL (SELECT r.at FROM receipts r WHERE r.conversation_id = m.conversation_id AND r.user_id = p.user_id
          AND r.kind = 'READ' AND NOT r.private AND r.up_to_sequence >= m.sequence ORDER BY r.up_to_sequence LIMIT 1) shown ON true
      WHERE m.id = ANY ($1::uuid[]) AND m.kind <> 'SYSTEM' AND p.last_delivered_sequence >= m.sequence
      ORDER BY m.id, p.joined_at, p.id`,
    [messageIds, ctx.viewer.id],
  )
  const byMessage = groupBy(rows, (row) => row.messageId)
  return messageIds.map((id) => byMessage.get(id) ?? [])
}
