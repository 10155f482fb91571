import { ForbiddenError, NotFoundError } from '../../errors.js'
import type { ParticipantRole } from '../../platform/db/types.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { appendUpdates } from '../stream/append.js'
import { currentParticipants } from './membership.js'
import { makeOwner } from './owners.js'
import { mayOwnGroups } from './policy.js'
import { findConversation, isCurrentOwner } from './subject.js'

/**
 * An owner makes a current participant an owner (doctors and staff only) or a plain member again (not the last owner).
 * Throws NotFoundError, ForbiddenError.
 */
export async function setParticipantRole(
  ctx: VerbContext,
  conversationId: string,
  userId: string,
  role: ParticipantRole,
): Promise<void> {
  const subject = {
    action: 'conversation.set_role',
    subjectType: 'Conversation',
    subjectId: conversationId,
  } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const conversation = await findConversation(tx, ctx, conversationId)
    const current = await currentParticipants(tx, conversationId)
    const target = current.find((participant) => participant.userId === userId)
    const isFormerMember = conversation.me.leftAt !== null
    if (!target || isFormerMember) {
      if (isFormerMember && userId === ctx.viewer.id)
        throw new ForbiddenError('Only owners of a group change roles.')
      throw new NotFoundError()
    }
    if (!isCurrentOwner(conversation)) throw new ForbiddenError('Only owners of a group change roles.')
    if (target.role === role) return null
    if (role === 'OWNER') {
      if (!mayOwnGroups(target.user.role)) throw new ForbiddenError('Only doctors and staff become owners.')
      await makeOwner(tx, conversationId, userId, ctx.viewer.id)
      return { subjectType: 'User', subjectId: userId }
    }
    if (current.filter((participant) => participant.role === 'OWNER').length === 1) {
      throw new ForbiddenError('The last owner can’t step down.')
    }
    await tx.participant.update({
      where: { conversationId_userId: { conversationId, userId } },
      data: { role },
    })
    const people = current.map((participant) => participant.userId)
    await appendUpdates(tx, people, {
      kind: 'PARTICIPANT_CHANGED',
      conversationId,
      actorId: ctx.viewer.id,
      subjectId: userId,
    })
    return { subjectType: 'User', subjectId: userId }
  })
}
