import type { Database } from '../../platform/db/database.js'
import { groupBy } from '../../platform/group-by.js'

/** Somebody who has taken note of an urgent message. */
export interface AcknowledgementRow {
  readonly messageId: string
  readonly userId: string
  readonly at: Date
}

/** Who acknowledged messages that the caller may see, in the order in which they did. The same for every viewer. */
export async function acknowledgementsOf(
  { db }: { readonly db: Database },
  messageIds: readonly string[],
): Promise<AcknowledgementRow[][]> {
  const rows = await db.query<AcknowledgementRow>(
    'acknowledgements-of',
    `SELECT message_id AS "messageId", user_id AS "userId", at FROM acknowledgements
      WHERE message_id = ANY ($1::uuid[]) ORDER BY message_id, at, user_id`,
    [messageIds],
  )
  const byMessage = groupBy(rows, (row) => row.messageId)
  return messageIds.map((id) => byMessage.get(id) ?? [])
}
