import { ForbiddenError, NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { findConversation, isCurrentOwner } from '../conversations/subject.js'
import { appendUpdates } from '../stream/append.js'
import { mayDeleteForEveryone } from './policy.js'
import { audienceOf, conversationIdOf, findMessage } from './subject.js'

/** What a deletion leaves: where it was, for whoever asks for the conversation next. */
export interface Deletion {
  readonly conversationId: string
}

/**
 * Turns a message into a tombstone for everyone: body, revisions, reactions, mentions and pin are destroyed, sequence, sender
 * and time stay.
 * Deleting twice is a success. Throws NotFoundError, ForbiddenError.
 */
export async function deleteForEveryone(ctx: VerbContext, messageId: string): Promise<Deletion> {
  const conversationId = await conversationIdOf(ctx, messageId)
  if (conversationId === null) throw new NotFoundError()
  const subject = {
    action: 'message.delete_for_everyone',
    subjectType: 'Message',
    subjectId: messageId,
  } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const message = await findMessage(tx, ctx, messageId, conversationId)
    const conversation = await findConversation(tx, ctx, conversationId)
    if (!mayDeleteForEveryone(ctx.viewer, message, isCurrentOwner(conversation))) {
      throw new ForbiddenError('Only its sender, or an owner of the group, deletes a message for everyone.')
    }
    if (message.deletedAt !== null) return null
    await tx.messageRevision.deleteMany({ where: { messageId } })
    await tx.reaction.deleteMany({ where: { messageId } })
    await tx.mention.deleteMany({ where: { messageId } })
    await tx.message.update({
      where: { id: messageId },
      data: {
        deletedAt: await timeOf(tx),
        deletedById: ctx.viewer.id,
        bodySealed: null,
        pinnedAt: null,
        pinnedById: null,
        mentionCount: 0,
        reactionCount: 0,
      },
    })
    const audience = await audienceOf(tx, messageId)
    await uncount(tx, conversationId, audience)
    const facts = { conversationId, messageId, actorId: ctx.viewer.id, sequence: message.sequence }
    await appendUpdates(tx, audience, { kind: 'MESSAGE_DELETED', ...facts })
    return { messageIds: [messageId] }
  })
  return { conversationId }
}

/** Hides a message from the viewer alone, on all of their devices. Twice is a success. Throws NotFoundError. */
export async function deleteForOneself(ctx: VerbContext, messageId: string): Promise<Deletion> {
  const conversationId = await conversationIdOf(ctx, messageId)
  if (conversationId === null) throw new NotFoundError()
  const userId = ctx.viewer.id
  const subject = {
    action: 'message.delete_for_oneself',
    subjectType: 'Message',
    subjectId: messageId,
  } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const hidden = await tx.hidden.findUnique({ where: { userId_messageId: { userId, messageId } } })
    if (hidden?.reason === 'DELETED') return null
    const message = await findMessage(tx, ctx, messageId, conversationId)
    await tx.hidden.create({ data: { userId, messageId, conversationId, reason: 'DELETED' } })
    await uncount(tx, conversationId, [userId])
    await showNewest(tx, conversationId, userId)
    const facts = { conversationId, messageId, actorId: userId, sequence: message.sequence }
    await appendUpdates(tx, [userId], { kind: 'MESSAGE_HIDDEN', ...facts })
    return { messageIds: [messageId] }
  })
  return { conversationId }
}

/** Counts these people's unread messages of a conversation anew, and carries the difference into their totals. */
async function uncount(tx: Tx, conversationId: string, userIds: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    WITH counted AS (
      SELECT p.id, p.user_id, p.unread AS former, p.is_marked_unread, p.archived_at,
             count_unread(p.user_id, p.conversation_id, p.last_read_sequence) AS now
        FROM participants p
       WHERE p.conversation_id = ${conversationId}::uuid AND p.user_id = ANY (${userIds}::uuid[]) AND p.unread > 0
    ), recounted AS (
      UPDATE participants p SET unread = c.now FROM counted c WHERE p.id = c.id AND c.now <> c.former
    )
    UPDATE user_streams s
       SET unread = s.unread - c.former + c.now,
           unread_conversations = s.unread_conversations - (c.now = 0 AND NOT c.is_marked_unread)::int
      FROM counted c
     WHERE s.user_id = c.user_id AND c.now <> c.former AND c.archived_at IS NULL`
}

/** The newest message that the person still sees decides where the conversation stands in their list. */
async function showNewest(tx: Tx, conversationId: string, userId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE participants p
       SET last_message_sequence = newest.sequence, last_activity_at = coalesce(newest.sent_at, c.created_at)
      FROM conversations c
      LEFT JOIN LATERAL (
        SELECT m.sequence, m.sent_at FROM memberships s
          JOIN messages m ON m.conversation_id = s.conversation_id
           AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence)
         WHERE s.conversation_id = c.id AND s.user_id = ${userId}::uuid
           AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = s.user_id AND h.message_id = m.id)
         ORDER BY m.sequence DESC LIMIT 1) newest ON true
     WHERE c.id = ${conversationId}::uuid AND p.conversation_id = c.id AND p.user_id = ${userId}::uuid`
}
