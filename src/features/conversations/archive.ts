import type { VerbContext } from '../context.js'
import { changeOwnPart, setArchived } from './own-part.js'

/** Puts a conversation into the viewer's archive. What is there already is a success. Throws NotFoundError. */
export async function archiveConversation(ctx: VerbContext, conversationId: string): Promise<void> {
  await changeOwnPart(ctx, 'conversation.archive', conversationId, (tx) =>
    setArchived(tx, conversationId, ctx.viewer.id, true),
  )
}

/** Takes a conversation out of the viewer's archive. What is not in it is a success. Throws NotFoundError. */
export async function unarchiveConversation(ctx: VerbContext, conversationId: string): Promise<void> {
  await changeOwnPart(ctx, 'conversation.unarchive', conversationId, (tx) =>
    setArchived(tx, conversationId, ctx.viewer.id, false),
  )
}
