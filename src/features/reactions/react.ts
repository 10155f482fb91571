import { ForbiddenError, InvalidInputError, NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import { type Change, write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { findConversation } from '../conversations/subject.js'
import { conversationIdOf, currentAudienceOf, findMessage } from '../messages/subject.js'
import { appendUpdates } from '../stream/append.js'
import { qualifiedEmoji } from './emoji.js'

/** Kinds of emoji on one message, by whomever. */
export const mostKinds = 20

/**
 * Puts a reaction on a message; the same again is a success. Throws InvalidInputError (no emoji, or one kind too many),
 * NotFoundError, ForbiddenError (closed, left, a tombstone, a SYSTEM message).
 */
export async function addReaction(ctx: VerbContext, messageId: string, emoji: string): Promise<void> {
  const kind = qualifiedEmoji(emoji)
  await react(ctx, messageId, 'message.react', async (tx, message) => {
    const key = { messageId, emoji: kind, userId: ctx.viewer.id }
    const kinds = await tx.reaction.groupBy({ by: ['emoji'], where: { messageId } })
    if (kinds.length >= mostKinds && !kinds.some((each) => each.emoji === kind))
      throw InvalidInputError.at('emoji', `A message takes at most ${mostKinds} kinds of reaction.`)
    if (await tx.reaction.findUnique({ where: { messageId_emoji_userId: key } })) return null
    await tx.reaction.create({
      data: { ...key, conversationId: message.conversationId, at: await timeOf(tx) },
    })
    await tell(tx, ctx, message, 'REACTION_ADDED', kind)
    return { messageIds: [messageId] }
  })
}

/** Takes the viewer's reaction back; one that is not there is a success. Throws as addReaction does. */
export async function removeReaction(ctx: VerbContext, messageId: string, emoji: string): Promise<void> {
  const kind = qualifiedEmoji(emoji)
  await react(ctx, messageId, 'message.unreact', async (tx, message) => {
    const { count } = await tx.reaction.deleteMany({
      where: { messageId, emoji: kind, userId: ctx.viewer.id },
    })
    if (count === 0) return null
    await tell(tx, ctx, message, 'REACTION_REMOVED', kind)
    return { messageIds: [messageId] }
  })
}

type FoundMessage = Awaited<ReturnType<typeof findMessage>>

/** The frame of both: current participants of an open conversation, on what is no tombstone. */
async function react(
  ctx: VerbContext,
  messageId: string,
  action: string,
  work: (tx: Tx, message: FoundMessage) => Promise<Change>,
): Promise<void> {
  const conversationId = await conversationIdOf(ctx, messageId)
  if (conversationId === null) throw new NotFoundError()
  const subject = { action, subjectType: 'Message', subjectId: messageId } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const message = await findMessage(tx, ctx, messageId, conversationId)
    const conversation = await findConversation(tx, ctx, conversationId)
    if (conversation.me.leftAt !== null) throw new ForbiddenError('Only who takes part reacts.')
    if (conversation.closedAt !== null || conversation.importingSince !== null)
      throw new ForbiddenError('This conversation is closed.')
    if (message.deletedAt !== null) throw new ForbiddenError('This message was deleted.')
    if (message.kind === 'SYSTEM') throw new ForbiddenError('Nobody reacts to what a conversation says.')
    return work(tx, message)
  })
}

async function tell(
  tx: Tx,
  ctx: VerbContext,
  { id: messageId, conversationId, sequence }: FoundMessage,
  kind: 'REACTION_ADDED' | 'REACTION_REMOVED',
  emoji: string,
): Promise<void> {
  await tx.message.update({
    where: { id: messageId },
    data: { reactionCount: kind === 'REACTION_ADDED' ? { increment: 1 } : { decrement: 1 } },
  })
  const facts = { conversationId, messageId, sequence, emoji, actorId: ctx.viewer.id }
  await appendUpdates(tx, await currentAudienceOf(tx, messageId), { kind, ...facts })
}
