import { ForbiddenError, NotFoundError } from '../../errors.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { announceAround } from '../signals/announce-around.js'
import { leave } from './membership.js'
import { succeedOwner } from './owners.js'
import { findConversation, isCurrentOwner } from './subject.js'

/**
 * An owner removes somebody from a group, or anybody leaves it. Who has left already is a success. The last owner to go
 * is succeeded by the longest-standing doctor, else staff member; with neither, the group closes.
 * Throws NotFoundError, ForbiddenError.
 */
export async function removeParticipant(
  ctx: VerbContext,
  conversationId: string,
  userId: string,
): Promise<void> {
  const subject = {
    action: 'conversation.remove_participant',
    subjectType: 'Conversation',
    subjectId: conversationId,
  } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const conversation = await findConversation(tx, ctx, conversationId)
    const target = await tx.participant.findUnique({
      where: { conversationId_userId: { conversationId, userId } },
    })
    const isSelf = userId === ctx.viewer.id
    // A former member is told of nobody but themselves.
    if (!target || (conversation.me.leftAt !== null && !isSelf)) throw new NotFoundError()
    if (conversation.kind === 'DIRECT')
      throw new ForbiddenError('Nobody leaves a direct conversation; it can be closed.')
    if (!isSelf && !isCurrentOwner(conversation))
      throw new ForbiddenError('Only owners of a group remove others.')
    if (target.leftAt !== null) return null
    await leave(tx, conversationId, userId, ctx.viewer.id)
    await succeedOwner(tx, conversation, ctx.viewer.id)
    return { subjectType: 'User', subjectId: userId }
  })
  ctx.typing.endIfKnown({ conversationId, userId, deviceId: null })
  await announceAround(ctx, conversationId, [userId])
}
