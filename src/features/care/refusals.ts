import type { Tx } from '../../platform/db/database.js'
import { appendUpdates } from '../stream/append.js'

interface Refusals {
  readonly conversationId: string
  readonly userId: string
  readonly reasons: string
}

async function refusalsIn(
  tx: Tx,
  conversationIds: readonly string[],
  isOpenPolicy: boolean,
): Promise<Refusals[]> {
  return tx.$queryRaw<Refusals[]>`
    SELECT p.conversation_id AS "conversationId", p.user_id AS "userId", rules.reasons::text AS reasons
      FROM participants p CROSS JOIN LATERAL send_rules(p.conversation_id, p.user_id, ${isOpenPolicy}) rules
     WHERE p.conversation_id = ANY (${conversationIds}::uuid[]) AND p.left_at IS NULL
     ORDER BY p.conversation_id, p.user_id`
}

/**
 * Runs a change of what decides who may send (an appointment, a block), and tells those whose reasons it changed with a
 * ConversationChanged. The transaction holds the locks of these DIRECT conversations.
 */
export async function tellingOfRefusals(
  tx: Tx,
  conversationIds: readonly string[],
  isOpenPolicy: boolean,
  change: () => Promise<void>,
): Promise<void> {
  const before = await refusalsIn(tx, conversationIds, isOpenPolicy)
  await change()
  const after = await refusalsIn(tx, conversationIds, isOpenPolicy)
  for (const { conversationId, userId, reasons } of after) {
    const former = before.find((row) => row.conversationId === conversationId && row.userId === userId)
    if (former?.reasons !== reasons)
      await appendUpdates(tx, [userId], { kind: 'CONVERSATION_CHANGED', conversationId })
  }
}
