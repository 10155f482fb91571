import { type Place, UnreadableError } from '../../platform/crypto/envelope.js'
import type { VerbContext } from '../context.js'

interface Titled {
  readonly id: string
  readonly titleRevision: number
  readonly titleSealed: Uint8Array | null
}

/** Where a group's title is sealed. */
export function titlePlace(conversationId: string, revision: number): Place {
  return { table: 'conversations', column: 'title', rowId: conversationId, conversationId, revision }
}

/** The title of a group; null for DIRECT. Throws UnreadableError. */
export function titleOf(ctx: Pick<VerbContext, 'vault'>, conversation: Titled): Promise<string> | null {
  const { id, titleRevision, titleSealed } = conversation
  return titleSealed === null ? null : ctx.vault.open(titlePlace(id, titleRevision), titleSealed)
}

/** The same where a title is only compared: null, too, for one that does not decrypt. Whoever shows it says so. */
export async function readableTitleOf(
  ctx: Pick<VerbContext, 'vault'>,
  conversation: Titled,
): Promise<string | null> {
  try {
    return await titleOf(ctx, conversation)
  } catch (error) {
    if (error instanceof UnreadableError) return null
    throw error
  }
}
