import type { OperatorTransaction } from '../../platform/db/operator-connection.js'

interface Refusals {
  readonly conversationId: string
  readonly userId: string
  readonly reasons: string
}

function refusalsIn(
  tx: OperatorTransaction,
  conversationIds: readonly string[],
  isOpenPolicy: boolean,
): Promise<Refusals[]> {
  return tx.query<Refusals>(
    'import-refusals',
    `SELECT p.conversation_id AS "conversationId", p.user_id AS "userId", rules.reasons::text AS reasons
       FROM participants p CROSS JOIN LATERAL send_rules(p.conversation_id, p.user_id, $2) rules
      WHERE p.conversation_id = ANY ($1::uuid[]) AND p.left_at IS NULL`,
    [conversationIds, isOpenPolicy],
  )
}

/**
 * Runs a change of what decides who may send, and tells those whose reasons it changed with a ConversationChanged. The
 * transaction holds all locks of these conversations.
 */
export async function tellingOfRefusals(
  tx: OperatorTransaction,
  conversationIds: readonly string[],
  isOpenPolicy: boolean,
  change: () => Promise<void>,
): Promise<void> {
  const keyOf = (row: Refusals) => `${row.conversationId}:${row.userId}`
  const before = new Map(
    (await refusalsIn(tx, conversationIds, isOpenPolicy)).map((row) => [keyOf(row), row.reasons]),
  )
  await change()
  const after = await refusalsIn(tx, conversationIds, isOpenPolicy)
  const told = after.filter((row) => before.get(keyOf(row)) !== row.reasons)
  if (told.length === 0) return
  await tx.query(
    'import-tell-of-refusals',
    `SELECT append_updates(array_agg(x.user_id), 'CONVERSATION_CHANGED', x.conversation_id, NULL, NULL, NULL, NULL)
       FROM unnest($1::uuid[], $2::uuid[]) AS x (conversation_id, user_id) GROUP BY x.conversation_id`,
    [told.map((row) => row.conversationId), told.map((row) => row.userId)],
  )
}

/** Where these people's streams stand, for the hint after the commit. The transaction has locked them. */
export async function headsOf(
  tx: OperatorTransaction,
  userIds: readonly string[],
): Promise<[userId: string, position: number][]> {
  const rows = await tx.query<{ userId: string; position: number }>(
    'import-heads',
    'SELECT user_id AS "userId", "position" FROM user_streams WHERE user_id = ANY ($1::uuid[])',
    [userIds],
  )
  return rows.map((row) => [row.userId, row.position])
}

/** Takes the lock classes in their order, as the verbs do. */
export async function lockForWrite(
  tx: OperatorTransaction,
  conversationIds: readonly string[],
  userIds: readonly string[],
): Promise<void> {
  await tx.query('import-lock', 'SELECT lock_for_write($1::uuid[], $2::uuid[])', [conversationIds, userIds])
}
