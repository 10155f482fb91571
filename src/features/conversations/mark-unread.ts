import type { VerbContext } from '../context.js'
import { changeOwnPart, setMarkedUnread } from './own-part.js'

/**
 * Marks a conversation as unread until markRead, for the viewer alone. Marked already is a success; so is one without messages,
 * which nothing could mark as read, and which stays as it is. Throws NotFoundError.
 */
export async function markUnread(ctx: VerbContext, conversationId: string): Promise<void> {
  await changeOwnPart(ctx, 'conversation.mark_unread', conversationId, async (tx, me) =>
    me.lastMessageSequence === null ? false : setMarkedUnread(tx, conversationId, ctx.viewer.id),
  )
}
