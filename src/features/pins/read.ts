import { groupBy } from '../../platform/group-by.js'
import type { VerbContext } from '../context.js'
import { visibleMessageSql } from '../messages/policy.js'
import { type MessageRow, messageColumns } from '../messages/rows.js'

/** What is pinned in each of these conversations and the viewer may see, newest pin first. */
export async function pinnedMessagesOf(
  ctx: VerbContext,
  conversationIds: readonly string[],
): Promise<MessageRow[][]> {
  const rows = await ctx.db.query<MessageRow>(
    'pinned-messages-of',
    `SELECT ${messageColumns} FROM messages m
      WHERE m.conversation_id = ANY ($1::uuid[]) AND m.pinned_at IS NOT NULL AND ${visibleMessageSql('$2::uuid')}
      ORDER BY m.conversation_id, m.pinned_at DESC, m.sequence DESC`,
    [conversationIds, ctx.viewer.id],
  )
  const byConversation = groupBy(rows, (row) => row.conversationId)
  return conversationIds.map((id) => byConversation.get(id) ?? [])
}
