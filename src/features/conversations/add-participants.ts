import { ForbiddenError, InvalidInputError, NotFoundError } from '../../errors.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { visibleUsersIn } from '../people/read.js'
import { announceAround } from '../signals/announce-around.js'
import { assertAddable, largestGroup } from './addable.js'
import { currentParticipants, join } from './membership.js'
import { findConversation, isCurrentOwner } from './subject.js'

/**
 * An owner of a group adds people whom they see. Who takes part already stays as they are.
 * Throws InvalidInputError, NotFoundError, ForbiddenError.
 */
export async function addParticipants(
  ctx: VerbContext,
  conversationId: string,
  userIds: readonly string[],
): Promise<void> {
  const askedIds = [...new Set(userIds)]
  if (askedIds.length === 0 || askedIds.length >= largestGroup) {
    throw InvalidInputError.at('userIds', `Name 1 to ${largestGroup - 1} people.`)
  }
  const subject = {
    action: 'conversation.add_participants',
    subjectType: 'Conversation',
    subjectId: conversationId,
  } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: askedIds }, async (tx) => {
    const conversation = await findConversation(tx, ctx, conversationId)
    if ((await visibleUsersIn(tx, ctx, askedIds)).includes(null)) throw new NotFoundError()
    if (!isCurrentOwner(conversation)) throw new ForbiddenError('Only owners of a group add participants.')
    const current = new Set(
      (await currentParticipants(tx, conversationId)).map((participant) => participant.userId),
    )
    const newIds = askedIds.filter((id) => !current.has(id))
    if (newIds.length === 0) return null
    if (current.size + newIds.length > largestGroup) {
      throw InvalidInputError.at('userIds', `A group has at most ${largestGroup} participants.`)
    }
    await assertAddable(tx, newIds, conversation.patientId)
    for (const userId of newIds) await join(tx, conversationId, userId, ctx.viewer.id)
    return newIds.map((userId) => ({ subjectType: 'User', subjectId: userId }))
  })
  await announceAround(ctx, conversationId, askedIds)
}
