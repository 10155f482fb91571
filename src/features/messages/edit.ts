import { createHash } from 'node:crypto'
import { CannotSendError, EditWindowClosedError, ForbiddenError, NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { appendUpdates } from '../stream/append.js'
import { bodyPlace, checkBody } from './body.js'
import { editableUntil } from './policy.js'
import { audienceOf, conversationIdOf, findMessage } from './subject.js'

/**
 * Replaces the text of one's own message within the edit window, keeping the former one as a sealed revision. The same
 * text again is a success that changes nothing.
 * Throws InvalidInputError, NotFoundError, ForbiddenError, CannotSendError, EditWindowClosedError.
 */
export async function editMessage(ctx: VerbContext, messageId: string, body: string): Promise<void> {
  checkBody(body)
  const conversationId = await conversationIdOf(ctx, messageId)
  if (conversationId === null) throw new NotFoundError()
  const subject = { action: 'message.edit', subjectType: 'Message', subjectId: messageId } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const message = await findMessage(tx, ctx, messageId, conversationId)
    if (message.deletedAt !== null) throw new ForbiddenError('This message was deleted.')
    if (message.senderId !== ctx.viewer.id) throw new ForbiddenError('Only its sender edits a message.')
    await assertMayWrite(tx, ctx, conversationId)
    const until = editableUntil(message, ctx.config.editWindowSeconds)
    const now = await timeOf(tx)
    if (now > until) throw new EditWindowClosedError(until)
    if (message.bodySealed === null) throw new ForbiddenError('This message has no text.')
    const former = await ctx.vault.open(bodyPlace(message, message.revision), message.bodySealed)
    if (former === body) return null

    const revision = message.revision + 1
    const bodySealed = Buffer.from(await ctx.vault.seal(bodyPlace(message, revision), body))
    await tx.messageRevision.create({
      data: {
        messageId,
        revision: message.revision,
        bodySealed: message.bodySealed,
        writtenAt: message.editedAt ?? message.sentAt,
      },
    })
    await tx.message.update({ where: { id: messageId }, data: { bodySealed, revision, editedAt: now } })
    const facts = { conversationId, messageId, actorId: ctx.viewer.id, sequence: message.sequence }
    await appendUpdates(tx, await audienceOf(tx, messageId), { kind: 'MESSAGE_EDITED', ...facts })
    return { messageIds: [messageId], contentHash: createHash('sha256').update(bodySealed).digest() }
  })
}

/** An edit needs what a message needs of its conversation: to take part, and that it is open. Blocks don't matter. */
async function assertMayWrite(tx: Tx, ctx: VerbContext, conversationId: string): Promise<void> {
  const conversation = await tx.conversation.findUniqueOrThrow({
    where: { id: conversationId },
    include: { participants: { where: { userId: ctx.viewer.id, leftAt: null } } },
  })
  const reasons = [
    ...(conversation.closedAt !== null || conversation.importingSince !== null
      ? (['CONVERSATION_CLOSED'] as const)
      : []),
    ...(conversation.participants.length === 0 ? (['NOT_A_PARTICIPANT'] as const) : []),
  ]
  if (reasons.length > 0) throw new CannotSendError(reasons)
}
