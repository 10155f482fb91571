import { groupBy } from '../../platform/group-by.js'
import type { Reading, VerbContext } from '../context.js'

export const deliveryStates = ['SENT', 'DELIVERED', 'READ'] as const
export type DeliveryState = (typeof deliveryStates)[number]

// Whether the participant `p` is one of those whom the state of the message `m` is about: takes part now, is not its sender, and
// could see it. Whoever deleted it for themselves still counts, or the sender would learn of the deletion.
const isRecipientSql = `p.conversation_id = m.conversation_id AND p.left_at IS NULL AND p.user_id IS DISTINCT FROM m.sender_id
   AND EXISTS (SELECT 1 FROM memberships s WHERE s.conversation_id = m.conversation_id AND s.user_id = p.user_id
                AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence))
   AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = p.user_id AND h.message_id = m.id AND h.reason = 'BLOCKED')`

/** Whether there is a recipient for whom this holds. The first one decides: in a large group it is soon found. */
const someRecipientSql = (condition: string) =>
  `EXISTS (SELECT 1 FROM participants p WHERE ${condition} AND ${isRecipientSql})`

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
       SELECT m.id, m.conversation_id,
              CASE WHEN ${someRecipientSql('p.last_delivered_sequence < m.sequence')} THEN 'SENT'
                   WHEN ${someRecipientSql('p.shown_read_sequence < m.sequence')} THEN 'DELIVERED'
                   WHEN ${someRecipientSql('true')} THEN 'READ' ELSE 'SENT' END AS state
         FROM messages m WHERE m.id = ANY ($3::uuid[]) AND m.kind <> 'SYSTEM')
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

/** The receipts that are asked for of a message. */
export interface ReceiptsAsked {
  readonly messageId: string
  readonly first: number
}

/** The first so many receipts of each message, one per recipient whom it has reached, in the order in which they joined. */
export async function receiptsOf(ctx: VerbContext, asked: readonly ReceiptsAsked[]): Promise<ReceiptRow[][]> {
  const rows = await ctx.db.query<ReceiptRow & { ordinal: number }>(
    'receipts-of',
    `SELECT k.ordinal, m.id AS "messageId", p.user_id AS "userId", least(delivered.at, seen.at) AS "deliveredAt", shown.at AS "readAt"
       FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS k (message_id, first, ordinal)
       JOIN messages m ON m.id = k.message_id AND m.kind <> 'SYSTEM' AND ${takesPartSql('m.conversation_id', '$3::uuid')}
      CROSS JOIN LATERAL (
        SELECT p.* FROM participants p WHERE p.last_delivered_sequence >= m.sequence AND ${isRecipientSql}
         ORDER BY p.joined_at, p.id LIMIT k.first) p
       LEFT JOIN LATERAL (SELECT r.at FROM receipts r WHERE r.conversation_id = m.conversation_id AND r.user_id = p.user_id
          AND r.kind = 'DELIVERED' AND r.up_to_sequence >= m.sequence ORDER BY r.up_to_sequence LIMIT 1) delivered ON true
       LEFT JOIN LATERAL (SELECT r.at FROM receipts r WHERE r.conversation_id = m.conversation_id AND r.user_id = p.user_id
          AND r.kind = 'READ' AND r.up_to_sequence >= m.sequence ORDER BY r.up_to_sequence LIMIT 1) seen ON true
       LEFT JOIN LATERAL (SELECT r.at FROM receipts r WHERE r.conversation_id = m.conversation_id AND r.user_id = p.user_id
          AND r.kind = 'READ' AND NOT r.private AND r.up_to_sequence >= m.sequence ORDER BY r.up_to_sequence LIMIT 1) shown ON true
      ORDER BY k.ordinal, p.joined_at, p.id`,
    [asked.map((key) => key.messageId), asked.map((key) => key.first), ctx.viewer.id],
  )
  const byKey = groupBy(rows, (row) => row.ordinal)
  return asked.map((_, index) => byKey.get(index + 1) ?? [])
}
