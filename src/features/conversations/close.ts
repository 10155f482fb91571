import { ForbiddenError, InvalidInputError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { appendUpdates } from '../stream/append.js'
import { longestReason, textFault } from '../text.js'
import { currentParticipants } from './membership.js'
import { mayClose } from './policy.js'
import { findConversation } from './subject.js'
import { writeSystemMessage } from './system-messages.js'

/**
 * Closes a conversation: nobody may send until it is reopened. Closing twice is a success; the first reason stays.
 * Throws InvalidInputError, NotFoundError, ForbiddenError.
 */
export async function closeConversation(
  ctx: VerbContext,
  conversationId: string,
  reason: string | null,
): Promise<void> {
  const fault = reason === null ? null : textFault(reason, longestReason)
  if (fault) throw InvalidInputError.at('reason', fault)
  const subject = {
    action: 'conversation.close',
    subjectType: 'Conversation',
    subjectId: conversationId,
  } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const conversation = await findConversation(tx, ctx, conversationId)
    if (!mayClose(ctx.viewer, conversation, conversation.me))
      throw new ForbiddenError('You may not close this conversation.')
    if (conversation.closedAt !== null) return null
    const revision = conversation.closeRevision + 1
    const place = {
      table: 'conversations',
      column: 'close_reason',
      rowId: conversationId,
      conversationId,
      revision,
    }
    const sealed = reason === null ? null : Buffer.from(await ctx.vault.seal(place, reason))
    await tx.conversation.update({
      where: { id: conversationId },
      data: { closeReasonSealed: sealed, closeRevision: revision },
    })
    await closeNow(tx, conversationId, ctx.viewer.id)
    return sealed === null ? {} : { reasonSealed: sealed }
  })
  ctx.typing.endIfKnown({ conversationId, userId: null, deviceId: null })
}

/** Opens a closed conversation again. What is open already is a success. Throws NotFoundError, ForbiddenError. */
export async function reopenConversation(ctx: VerbContext, conversationId: string): Promise<void> {
  const subject = {
    action: 'conversation.reopen',
    subjectType: 'Conversation',
    subjectId: conversationId,
  } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const conversation = await findConversation(tx, ctx, conversationId)
    if (!mayClose(ctx.viewer, conversation, conversation.me))
      throw new ForbiddenError('You may not reopen this conversation.')
    if (conversation.closedAt === null) return null
    await tx.conversation.update({
      where: { id: conversationId },
      data: { closedAt: null, closedById: null, closeReasonSealed: null },
    })
    await tellOfState(tx, conversationId, ctx.viewer.id, 'CONVERSATION_REOPENED')
    return {}
  })
}

/** Closes, with the SYSTEM message that says so. All locks are held. */
export async function closeNow(tx: Tx, conversationId: string, actorId: string): Promise<void> {
  await tx.conversation.update({
    where: { id: conversationId },
    data: { closedAt: await timeOf(tx), closedById: actorId },
  })
  await tellOfState(tx, conversationId, actorId, 'CONVERSATION_CLOSED')
}

async function tellOfState(
  tx: Tx,
  conversationId: string,
  actorId: string,
  kind: 'CONVERSATION_CLOSED' | 'CONVERSATION_REOPENED',
): Promise<void> {
  const people = (await currentParticipants(tx, conversationId)).map((participant) => participant.userId)
  await appendUpdates(tx, people, { kind: 'CONVERSATION_CHANGED', conversationId, actorId })
  await writeSystemMessage(tx, { conversationId, kind, actorId })
}
