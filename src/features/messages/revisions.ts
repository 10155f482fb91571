import { groupBy } from '../../platform/group-by.js'
import type { VerbContext } from '../context.js'

/** A former text of a message, sealed. */
export interface RevisionRow {
  readonly messageId: string
  readonly conversationId: string
  readonly revision: number
  readonly bodySealed: Buffer
  readonly writtenAt: Date
}

/** The former texts of messages that the viewer may see, oldest first. */
export async function revisionsOf(ctx: VerbContext, messageIds: readonly string[]): Promise<RevisionRow[][]> {
  const rows = await ctx.db.query<RevisionRow>(
    'message-revisions',
    `SELECT r.message_id AS "messageId", m.conversation_id AS "conversationId", r.revision, r.body_sealed AS "bodySealed",
            r.written_at AS "writtenAt"
       FROM message_revisions r JOIN messages m ON m.id = r.message_id
      WHERE r.message_id = ANY ($1::uuid[]) AND m.deleted_at IS NULL ORDER BY r.message_id, r.revision`,
    [messageIds],
  )
  const byMessage = groupBy(rows, (row) => row.messageId)
  return messageIds.map((id) => byMessage.get(id) ?? [])
}
