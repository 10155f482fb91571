import { ForbiddenError, NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { type Change, write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { findConversation } from '../conversations/subject.js'
import { conversationIdOf, findMessage } from './subject.js'

/** A message that a verb is about, as found after the locks. */
export type FoundMessage = Awaited<ReturnType<typeof findMessage>>
type FoundConversation = Awaited<ReturnType<typeof findConversation>>

export interface MessageChange {
  /** As the audit calls it. */
  readonly action: string
  /** What the verb itself asks; throws ForbiddenError. */
  readonly assertMay: (conversation: FoundConversation) => void
  readonly work: (tx: Tx, message: FoundMessage) => Promise<Change>
}

/**
 * The frame of what people put on a message: in an open conversation, on what is neither a tombstone nor said by the
 * conversation itself. Returns the conversation's id. Throws NotFoundError, ForbiddenError, and what `work` throws.
 */
export async function changeMessage(
  ctx: VerbContext,
  messageId: string,
  { action, assertMay, work }: MessageChange,
): Promise<string> {
  const conversationId = await conversationIdOf(ctx, messageId)
  if (conversationId === null) throw new NotFoundError()
  const subject = { action, subjectType: 'Message', subjectId: messageId } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const message = await findMessage(tx, ctx, messageId, conversationId)
    const conversation = await findConversation(tx, ctx, conversationId)
    assertMay(conversation)
    if (conversation.closedAt !== null || conversation.importingSince !== null)
      throw new ForbiddenError('This conversation is closed.')
    if (message.deletedAt !== null) throw new ForbiddenError('This message was deleted.')
    if (message.kind === 'SYSTEM')
      throw new ForbiddenError('This was said by the conversation itself, and stays as it is.')
    return work(tx, message)
  })
  return conversationId
}
