import type { Database } from '../../platform/db/database.js'
import { groupBy } from '../../platform/group-by.js'

/** Who is mentioned in messages that the caller may see, always in the same order. The same for every viewer. */
export async function mentionsOf(
  { db }: { readonly db: Database },
  messageIds: readonly string[],
): Promise<string[][]> {
  const rows = await db.query<{ messageId: string; userId: string }>(
    'mentions-of',
    `SELECT message_id AS "messageId", user_id AS "userId" FROM mentions
      WHERE message_id = ANY ($1::uuid[]) ORDER BY message_id, user_id`,
    [messageIds],
  )
  const byMessage = groupBy(rows, (row) => row.messageId)
  return messageIds.map((id) => byMessage.get(id)?.map(({ userId }) => userId) ?? [])
}
