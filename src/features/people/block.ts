import { InvalidInputError, NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { type Change, write } from '../audit/write.js'
import { tellingOfRefusals } from '../care/refusals.js'
import type { VerbContext } from '../context.js'
import { appendUpdates } from '../stream/append.js'
import { longestReason, textFault } from '../text.js'
import { visibleUsersIn } from './read.js'

/**
 * Blocks somebody: nobody sends in the DIRECT conversation of the two, and in groups the viewer no longer sees what that
 * person sends from now on. Blocking twice is a success. Throws InvalidInputError (oneself), NotFoundError.
 */
export async function blockUser(ctx: VerbContext, userId: string, reason: string | null): Promise<void> {
  const fault = reason === null ? null : textFault(reason, longestReason)
  if (fault) throw InvalidInputError.at('reason', fault)
  if (userId === ctx.viewer.id) throw InvalidInputError.at('userId', 'Nobody blocks themselves.')
  await change(ctx, userId, 'user.block', async (tx) => {
    const key = { blockerId: ctx.viewer.id, blockedId: userId }
    if (await tx.block.findUnique({ where: { blockerId_blockedId: key } })) return null
    const place = {
      table: 'blocks',
      column: 'reason',
      rowId: `${ctx.viewer.id}:${userId}`,
      conversationId: null,
      revision: 0,
    }
    const reasonSealed = reason === null ? null : Buffer.from(await ctx.vault.seal(place, reason))
    await tx.block.create({ data: { ...key, reasonSealed } })
    return reasonSealed === null ? {} : { reasonSealed }
  })
}

/** Lifts a block. What was hidden stays hidden. Unblocking nobody is a success. Throws NotFoundError. */
export async function unblockUser(ctx: VerbContext, userId: string): Promise<void> {
  await change(ctx, userId, 'user.unblock', async (tx) => {
    const { count } = await tx.block.deleteMany({ where: { blockerId: ctx.viewer.id, blockedId: userId } })
    return count > 0 ? {} : null
  })
}

async function change(
  ctx: VerbContext,
  userId: string,
  action: string,
  work: (tx: Tx) => Promise<Change>,
): Promise<void> {
  const conversationIds = await ctx.db.read((client) => directBetween(client, ctx.viewer.id, userId))
  const subject = { action, subjectType: 'User', subjectId: userId } as const
  let isOpenedMeanwhile = false
  await write(ctx, { ...subject, conversationIds, userIds: [ctx.viewer.id, userId] }, async (tx) => {
    // Opened between the look and the locks: it is to be locked too.
    isOpenedMeanwhile = (await directBetween(tx, ctx.viewer.id, userId)).length > conversationIds.length
    if (isOpenedMeanwhile) return null
    // Whom one has blocked stays within reach, whatever else has changed between the two.
    const block = await tx.block.findUnique({
      where: { blockerId_blockedId: { blockerId: ctx.viewer.id, blockedId: userId } },
    })
    if (!block && (await visibleUsersIn(tx, ctx, [userId])).includes(null)) throw new NotFoundError()
    let done: Change = null
    await tellingOfRefusals(tx, conversationIds, ctx.config.messagingPolicy === 'open', async () => {
      done = await work(tx)
    })
    if (done === null) return null
    await appendUpdates(tx, [ctx.viewer.id], { kind: 'VIEWER_CHANGED', actorId: ctx.viewer.id })
    return done
  })
  if (isOpenedMeanwhile) return change(ctx, userId, action, work)
  // Neither sees the other typing any more; who else may, hears of it again with the next keystroke.
  for (const each of [ctx.viewer.id, userId])
    ctx.typing.endIfKnown({ conversationId: null, userId: each, deviceId: null })
  ctx.presence.announce([ctx.viewer.id])
}

/** The DIRECT conversation of two people, if there is one. */
async function directBetween(tx: Pick<Tx, 'conversation'>, one: string, other: string): Promise<string[]> {
  const found = await tx.conversation.findMany({
    where: {
      kind: 'DIRECT',
      OR: [
        { patientId: one, doctorId: other },
        { patientId: other, doctorId: one },
      ],
    },
    select: { id: true },
  })
  return found.map(({ id }) => id)
}
