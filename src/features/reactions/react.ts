import { ForbiddenError, InvalidInputError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import type { VerbContext } from '../context.js'
import { changeMessage, type FoundMessage } from '../messages/change.js'
import { currentAudienceOf } from '../messages/subject.js'
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
  const work = async (tx: Tx, message: FoundMessage) => {
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
  }
  await changeMessage(ctx, messageId, { action: 'message.react', assertMay, work })
}

/** Takes the viewer's reaction back; one that is not there is a success. Throws as addReaction does. */
export async function removeReaction(ctx: VerbContext, messageId: string, emoji: string): Promise<void> {
  const kind = qualifiedEmoji(emoji)
  const work = async (tx: Tx, message: FoundMessage) => {
    const { count } = await tx.reaction.deleteMany({
      where: { messageId, emoji: kind, userId: ctx.viewer.id },
    })
    if (count === 0) return null
    await tell(tx, ctx, message, 'REACTION_REMOVED', kind)
    return { messageIds: [messageId] }
  }
  await changeMessage(ctx, messageId, { action: 'message.unreact', assertMay, work })
}

/** Current participants react. */
function assertMay({ me }: { readonly me: { readonly leftAt: Date | null } }): void {
  if (me.leftAt !== null) throw new ForbiddenError('Only who takes part reacts.')
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
