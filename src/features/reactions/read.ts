import type { Database } from '../../platform/db/database.js'
import { groupBy } from '../../platform/group-by.js'

/** Everybody who put one emoji on a message, in the order in which they did. */
export interface ReactionRow {
  readonly messageId: string
  readonly emoji: string
  readonly userIds: readonly string[]
}

/**
 * The reactions to messages that the caller may see, the emoji that came first first. The same for every viewer, so that
 * one read serves all of a node's people.
 */
export async function reactionsOf(
  { db }: { readonly db: Database },
  messageIds: readonly string[],
): Promise<ReactionRow[][]> {
  const rows = await db.query<ReactionRow>(
    'reactions-of',
    `SELECT message_id AS "messageId", emoji, array_agg(user_id ORDER BY at, user_id) AS "userIds"
       FROM reactions WHERE message_id = ANY ($1::uuid[])
      GROUP BY message_id, emoji ORDER BY message_id, min(at), emoji`,
    [messageIds],
  )
  const byMessage = groupBy(rows, (row) => row.messageId)
  return messageIds.map((id) => byMessage.get(id) ?? [])
}
