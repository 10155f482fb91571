import { createHash } from 'node:crypto'
import { ForbiddenError, InvalidInputError } from '../../errors.js'
import { newId } from '../../platform/ids.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { eventTextPlace } from '../messages/body.js'
import { appendUpdates } from '../stream/append.js'
import { longestTitle, textFault } from '../text.js'
import { currentParticipants } from './membership.js'
import { findConversation, isCurrentOwner } from './subject.js'
import { writeSystemMessage } from './system-messages.js'
import { readableTitleOf, titlePlace } from './title.js'

/**
 * An owner gives a group another title, also when it is closed. The same again is a success.
 * Throws InvalidInputError, NotFoundError, ForbiddenError.
 */
export async function updateGroup(ctx: VerbContext, conversationId: string, title: string): Promise<void> {
  const fault = textFault(title, longestTitle)
  if (fault) throw InvalidInputError.at('title', fault)
  const subject = {
    action: 'conversation.update_group',
    subjectType: 'Conversation',
    subjectId: conversationId,
  } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const conversation = await findConversation(tx, ctx, conversationId)
    if (!isCurrentOwner(conversation)) throw new ForbiddenError('Only owners of a group change its title.')
    // One that does not decrypt is another title: giving it anew is what mends it.
    if ((await readableTitleOf(ctx, conversation)) === title) return null
    const titleRevision = conversation.titleRevision + 1
    const titleSealed = Buffer.from(await ctx.vault.seal(titlePlace(conversationId, titleRevision), title))
    await tx.conversation.update({ where: { id: conversationId }, data: { titleSealed, titleRevision } })
    const people = (await currentParticipants(tx, conversationId)).map((participant) => participant.userId)
    const actorId = ctx.viewer.id
    await appendUpdates(tx, people, { kind: 'CONVERSATION_CHANGED', conversationId, actorId })
    const messageId = newId()
    const sealed = await ctx.vault.seal(eventTextPlace({ id: messageId, conversationId }), title)
    const text = { messageId, sealed }
    await writeSystemMessage(tx, { conversationId, kind: 'TITLE_CHANGED', actorId, text })
    return { contentHash: createHash('sha256').update(titleSealed).digest() }
  })
}
