import { ForbiddenError, NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { appendUpdates } from '../stream/append.js'
import { closeNow } from './close.js'
import { currentParticipants, leave } from './membership.js'
import { findConversation, isCurrentOwner } from './subject.js'
import { writeSystemMessage } from './system-messages.js'

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
    return {}
  })
}

async function succeedOwner(
  tx: Tx,
  conversation: { id: string; closedAt: Date | null },
  actorId: string,
): Promise<void> {
  const remaining = await currentParticipants(tx, conversation.id)
  if (remaining.some((participant) => participant.role === 'OWNER')) return
  const active = remaining.filter((participant) => participant.user.isActive)
  const successor =
    active.find((participant) => participant.user.role === 'DOCTOR') ??
    active.find((participant) => participant.user.role === 'STAFF')
  if (successor) await makeOwner(tx, conversation.id, successor.userId, actorId)
  else if (conversation.closedAt === null) await closeNow(tx, conversation.id, actorId)
}

/** Makes a current participant an owner and says so. All locks are held. */
export async function makeOwner(
  tx: Tx,
  conversationId: string,
  userId: string,
  actorId: string,
): Promise<void> {
  await tx.participant.update({
    where: { conversationId_userId: { conversationId, userId } },
    data: { role: 'OWNER' },
  })
  const current = (await currentParticipants(tx, conversationId)).map((participant) => participant.userId)
  await appendUpdates(tx, current, {
    kind: 'PARTICIPANT_CHANGED',
    conversationId,
    actorId,
    subjectId: userId,
  })
  await writeSystemMessage(tx, { conversationId, kind: 'OWNER_CHANGED', actorId, subjectId: userId })
}
