import { ConflictError, ForbiddenError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import type { Change } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { changeMessage, type FoundMessage } from '../messages/change.js'
import { currentAudienceOf } from '../messages/subject.js'
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

async function changePin(
  ctx: VerbContext,
  messageId: string,
  action: string,
  work: (tx: Tx, message: FoundMessage) => Promise<Change>,
): Promise<Pinning> {
  const conversationId = await changeMessage(ctx, messageId, {
    action,
    assertMay: (conversation) => {
      if (!mayPin(ctx.viewer, conversation, conversation.me))
        throw new ForbiddenError('In a group its owners and doctors pin, as long as they take part.')
    },
    work,
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
