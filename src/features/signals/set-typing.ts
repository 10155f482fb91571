import { CannotSendError, NotFoundError } from '../../errors.js'
import { recordingRefusals } from '../audit/refusals.js'
import type { VerbContext } from '../context.js'
import { conversationsById, sendRefusals } from '../conversations/read.js'
import { typingTimeoutSeconds } from './typing-board.js'

/**
 * Says that the viewer types, or stopped. Who may send may type; who keeps it to themselves, or is INVISIBLE, is not shown.
 * Answers until when it is shown; null: it is not. Throws RateLimitedError, NotFoundError,
 * CannotSendError.
 */
export async function setTyping(
  ctx: VerbContext,
  conversationId: string,
  isTyping: boolean,
): Promise<Date | null> {
  ctx.signalPace.check(ctx.viewer.id)
  const subject = {
    action: 'conversation.set_typing',
    subjectType: 'Conversation',
    subjectId: conversationId,
    conversationId,
  } as const
  const saidAt = performance.now()
  const scope = { conversationId, userId: ctx.viewer.id, deviceId: ctx.deviceId }
  const isShown = await recordingRefusals(ctx, subject, async () => {
    const [[conversation], [reasons = []], isLetKnown] = await Promise.all([
      conversationsById(ctx, [conversationId]),
      sendRefusals(ctx, [conversationId]),
      letsTypingBeKnown(ctx),
    ])
    if (!conversation) throw new NotFoundError()
    if (reasons.length > 0) {
      ctx.typing.endIfKnown(scope)
      throw new CannotSendError(reasons)
    }
    return isLetKnown
  })
  if (!isTyping || !isShown) {
    ctx.typing.end(scope)
    return null
  }
  ctx.typing.begin(conversationId, ctx.viewer.id, ctx.deviceId, saidAt)
  return new Date(Date.now() + typingTimeoutSeconds * 1000)
}

async function letsTypingBeKnown({ db, viewer }: VerbContext): Promise<boolean> {
  const [row] = await db.query<{ isLetKnown: boolean }>(
    'lets-typing-be-known',
    `SELECT send_typing AND availability <> 'INVISIBLE' AS "isLetKnown" FROM users WHERE id = $1::uuid`,
    [viewer.id],
  )
  return row?.isLetKnown ?? false
}
