import { ForbiddenError, InvalidInputError, NotFoundError } from '../../errors.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { visibleUsersIn } from '../people/read.js'
import { announceAround } from '../signals/announce-around.js'
import { assertAddable, largestGroup } from './addable.js'
import { currentParticipants, join } from './membership.js'
import { findConversation, isCurrentOwner } from './subject.js'

/** Each joining tells everybody who is there already, who can't be written to meanwhile. */
const joinsPerTransaction = 16

/**
 * An owner of a group adds people whom they see. Who takes part already stays as they are. Many are added in several
 * transactions: all of them are checked before the first; where one fails, those before it have joined, and doing it again adds
 * the rest. Throws InvalidInputError, NotFoundError, ForbiddenError.
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
  for (let done = 0; done < askedIds.length; done += joinsPerTransaction) {
    const leftIds = askedIds.slice(done)
    await addSome(ctx, conversationId, leftIds.slice(0, joinsPerTransaction), leftIds)
  }
  await announceAround(ctx, conversationId, askedIds)
}

/** Adds these, once all who are left to add may be. */
async function addSome(
  ctx: VerbContext,
  conversationId: string,
  userIds: readonly string[],
  leftIds: readonly string[],
): Promise<void> {
  const subject = {
    action: 'conversation.add_participants',
    subjectType: 'Conversation',
    subjectId: conversationId,
  } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds }, async (tx) => {
    const conversation = await findConversation(tx, ctx, conversationId)
    if ((await visibleUsersIn(tx, ctx, leftIds)).includes(null)) throw new NotFoundError()
    if (!isCurrentOwner(conversation)) throw new ForbiddenError('Only owners of a group add participants.')
    const current = new Set(
      (await currentParticipants(tx, conversationId)).map((participant) => participant.userId),
    )
    const joiningIds = leftIds.filter((id) => !current.has(id))
    if (current.size + joiningIds.length > largestGroup) {
      throw InvalidInputError.at('userIds', `A group has at most ${largestGroup} participants.`)
    }
    await assertAddable(tx, joiningIds, conversation.patientId)
    const newIds = userIds.filter((id) => !current.has(id))
    if (newIds.length === 0) return null
    await join(tx, conversationId, newIds, ctx.viewer.id)
    return newIds.map((userId) => ({ subjectType: 'User', subjectId: userId }))
  })
}
