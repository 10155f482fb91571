import type { OperatorTransaction } from '../../platform/db/operator-connection.js'

// Live sends to and by these people wait meanwhile, at most 2 s. Measured over 1,201 conversations on two busy cores: locks
// are held for 10 ms on average, 34 ms at most. One conversation at a time would wait for the disk ten times as often; a
// hundred held them for 79 ms on average.
const conversationsAtATime = 10
const peopleAtATime = 40

/** Cuts what is to be done into transactions that are over soon, in its order. One of too many people goes alone. */
export function* shortChunks<T>(items: readonly T[], peopleIn: (item: T) => number): Generator<T[]> {
  let chunk: T[] = []
  let people = 0
  for (const item of items) {
    const more = peopleIn(item)
    if (chunk.length === conversationsAtATime || (chunk.length > 0 && people + more > peopleAtATime)) {
      yield chunk
      chunk = []
      people = 0
    }
    chunk.push(item)
    people += more
  }
  if (chunk.length > 0) yield chunk
}

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

/** Who takes part in these conversations now. */
export async function peopleOf(
  tx: OperatorTransaction,
  conversationIds: readonly string[],
): Promise<string[]> {
  if (conversationIds.length === 0) return []
  const people = await tx.query<{ userId: string }>(
    'import-people-of',
    'SELECT DISTINCT user_id AS "userId" FROM participants WHERE conversation_id = ANY ($1::uuid[]) AND left_at IS NULL',
    [conversationIds],
  )
  return people.map((person) => person.userId)
}

/** Where these people's streams stand, for the hint after the commit. The transaction has locked them. */
export async function headsOf(
  tx: OperatorTransaction,
  userIds: readonly string[],
): Promise<[userId: string, position: number][]> {
  if (userIds.length === 0) return []
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
