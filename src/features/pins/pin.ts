import { ConflictError, ForbiddenError, NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import { type Change, write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { findConversation } from '../conversations/subject.js'
import { conversationIdOf, currentAudienceOf, findMessage } from '../messages/subject.js'
import { appendUpdates } from '../stream/append.js'
import { mayPin } from './policy.js'

/** In one conversation, whoever may see them. */
export const mostPins = 50

/** What pinning leaves: where it was, for whoever asks for the conversation next. */
export interface Pinning {
  readonly conversationId: string
}

/**
 * Pins a message for everybody in the conversation; pinned already is a success. Throws NotFoundError, ForbiddenError (role,
 * closed, a tombstone, a SYSTEM message), ConflictError beyond mostPins.
 */
export function pinMessage(ctx: VerbContext, messageId: string): Promise<Pinning> {
  return changePin(ctx, messageId, 'message.pin', async (tx, message) => {
    if (message.pinnedAt !== null) return null
    const { conversationId } = message
    const pins = await tx.message.findMany({
      where: { conversationId, pinnedAt: { not: null } },
      orderBy: [{ pinnedAt: 'asc' }, { sequence: 'asc' }],
    })
    if (pins.length >= mostPins) await makeRoom(tx, ctx, pins)
    await tx.message.update({
      where: { id: messageId },
      data: { pinnedAt: await timeOf(tx), pinnedById: ctx.viewer.id },
    })
    await tell(tx, ctx, message, 'MESSAGE_PINNED')
    return { messageIds: [messageId] }
  })
}

/** Takes a pin away; what is not pinned is a success. Throws as pinMessage does, but for ConflictError. */
export function unpinMessage(ctx: VerbContext, messageId: string): Promise<Pinning> {
  return changePin(ctx, messageId, 'message.unpin', async (tx, message) => {
    if (message.pinnedAt === null) return null
    await tx.message.update({ where: { id: messageId }, data: { pinnedAt: null, pinnedById: null } })
    await tell(tx, ctx, message, 'MESSAGE_UNPINNED')
    return { messageIds: [messageId] }
  })
}

type FoundMessage = Awaited<ReturnType<typeof findMessage>>

async function changePin(
  ctx: VerbContext,
  messageId: string,
  action: string,
  work: (tx: Tx, message: FoundMessage) => Promise<Change>,
): Promise<Pinning> {
  const conversationId = await conversationIdOf(ctx, messageId)
  if (conversationId === null) throw new NotFoundError()
  const subject = { action, subjectType: 'Message', subjectId: messageId } as const
  await write(ctx, { ...subject, conversationIds: [conversationId], userIds: [] }, async (tx) => {
    const message = await findMessage(tx, ctx, messageId, conversationId)
    const conversation = await findConversation(tx, ctx, conversationId)
    if (!mayPin(ctx.viewer, conversation, conversation.me))
      throw new ForbiddenError('In a group its owners and doctors pin, as long as they take part.')
    if (conversation.closedAt !== null || conversation.importingSince !== null)
      throw new ForbiddenError('This conversation is closed.')
    if (message.deletedAt !== null) throw new ForbiddenError('This message was deleted.')
    if (message.kind === 'SYSTEM') throw new ForbiddenError('Nobody pins what a conversation says.')
    return work(tx, message)
  })
  return { conversationId }
}

/** What nobody who might unpin it can see any more gives way, the oldest of them. Throws ConflictError where there is none. */
async function makeRoom(tx: Tx, ctx: VerbContext, pins: readonly FoundMessage[]): Promise<void> {
  for (const pin of pins) {
    if (await canBeUnpinned(tx, pin)) continue
    await tx.message.update({ where: { id: pin.id }, data: { pinnedAt: null, pinnedById: null } })
    await tell(tx, ctx, pin, 'MESSAGE_UNPINNED')
    return
  }
  throw new ConflictError(`At most ${mostPins} messages are pinned. Unpin one first.`)
}

async function canBeUnpinned(tx: Tx, { id, conversationId }: FoundMessage): Promise<boolean> {
  const people = await tx.participant.findMany({
    where: { conversationId, userId: { in: await currentAudienceOf(tx, id) } },
    select: {
      role: true,
      leftAt: true,
      user: { select: { role: true } },
      conversation: { select: { kind: true } },
    },
  })
  return people.some((person) => mayPin(person.user, person.conversation, person))
}

async function tell(
  tx: Tx,
  ctx: VerbContext,
  { id: messageId, conversationId, sequence }: FoundMessage,
  kind: 'MESSAGE_PINNED' | 'MESSAGE_UNPINNED',
): Promise<void> {
  const facts = { conversationId, messageId, sequence, actorId: ctx.viewer.id }
  await appendUpdates(tx, await currentAudienceOf(tx, messageId), { kind, ...facts })
}
