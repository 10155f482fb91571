import type { VerbContext } from '../context.js'
import { changeOwnPart, setMarkedUnread } from './own-part.js'

/** Marks a conversation as unread until markRead, for the viewer alone. Marked already is a success. Throws NotFoundError. */
export async function markUnread(ctx: VerbContext, conversationId: string): Promise<void> {
  await changeOwnPart(ctx, 'conversation.mark_unread', conversationId, (tx) =>
    setMarkedUnread(tx, conversationId, ctx.viewer.id),
  )
}
