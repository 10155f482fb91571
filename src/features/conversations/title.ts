import type { Place } from '../../platform/crypto/envelope.js'
import type { VerbContext } from '../context.js'
import type { ConversationRow } from './rows.js'

/** Where a group's title is sealed. */
export function titlePlace(conversationId: string, revision: number): Place {
  return { table: 'conversations', column: 'title', rowId: conversationId, conversationId, revision }
}

/** The title of a group; null for DIRECT. Throws UnreadableError. */
export function titleOf(
  ctx: Pick<VerbContext, 'vault'>,
  conversation: ConversationRow,
): Promise<string> | null {
  const { id, titleRevision, titleSealed } = conversation
  return titleSealed === null ? null : ctx.vault.open(titlePlace(id, titleRevision), titleSealed)
}
