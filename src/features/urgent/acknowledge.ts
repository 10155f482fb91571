import { ForbiddenError, InvalidInputError, NotFoundError } from '../../errors.js'
import { timeOf } from '../../platform/db/time.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { findConversation } from '../conversations/subject.js'
import { findMessage, originOf } from '../messages/subject.js'
import { appendUpdates } from '../stream/append.js'

/**
 * Says that the viewer has taken note of an urgent message; its sender and the viewer's other devices are told. Twice is a
 * success. Throws InvalidInputError (not URGENT), NotFoundError, ForbiddenError (one's own, left, a tombstone).
 */
export async function acknowledgeMessage(ctx: VerbContext, messageId: string): Promise<void> {
  const origin = await originOf(ctx, messageId)
  if (origin === null) throw new NotFoundError()
  const { conversationId, senderId } = origin
  const userId = ctx.viewer.id
  const scope = {
    action: 'message.acknowledge',
    subjectType: 'Message',
    subjectId: messageId,
    conversationIds: [],
    userIds: senderId === null ? [] : [senderId],
    ownPartIn: conversationId,
  } as const
  await write(ctx, scope, async (tx) => {
    const message = await findMessage(tx, ctx, messageId, conversationId)
    const { me } = await findConversation(tx, ctx, conversationId)
    if (message.priority !== 'URGENT' || senderId === null)
      throw InvalidInputError.at('messageId', 'Only urgent messages are acknowledged.')
    if (me.leftAt !== null) throw new ForbiddenError('Only who takes part acknowledges.')
    if (senderId === userId) throw new ForbiddenError('Others acknowledge what the viewer has sent.')
    if (message.deletedAt !== null) throw new ForbiddenError('This message was deleted.')
    const key = { messageId, userId }
    if (await tx.acknowledgement.findUnique({ where: { messageId_userId: key } })) return null
    await tx.acknowledgement.create({ data: { ...key, at: await timeOf(tx) } })
    // Who has left is told of nothing new. Their leaving takes the lock of their stream, which is held here.
    const sender = await tx.participant.findFirst({
      where: { conversationId, userId: senderId, leftAt: null },
      select: { userId: true },
    })
    await appendUpdates(tx, [userId, ...(sender ? [senderId] : [])], {
      kind: 'MESSAGE_ACKNOWLEDGED',
      conversationId,
      messageId,
      sequence: message.sequence,
      actorId: userId,
    })
    return { messageIds: [messageId] }
  })
}
