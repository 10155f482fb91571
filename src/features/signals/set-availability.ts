import { timeOf } from '../../platform/db/time.js'
import type { Availability } from '../../platform/db/types.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { appendUpdates } from '../stream/append.js'

/**
 * How the viewer shows themselves while connected. INVISIBLE looks like leaving now: the time of it is kept, and typing is no
 * longer shown. Setting what is set already changes nothing. Throws RateLimitedError.
 */
export async function setAvailability(ctx: VerbContext, availability: Availability): Promise<void> {
  ctx.signalPace.check(ctx.viewer.id)
  const [state] = await ctx.presence.connectedness([ctx.viewer.id])
  const userId = ctx.viewer.id
  const subject = { action: 'user.set_availability', subjectType: 'User', subjectId: userId } as const
  let isChanged = false
  await write(ctx, { ...subject, conversationIds: [], userIds: [userId] }, async (tx) => {
    // Where nobody knows, they are there: they have just said so.
    const isLeaving = availability === 'INVISIBLE' && state?.isConnected !== false
    const { count } = await tx.user.updateMany({
      where: { id: userId, availability: { not: availability } },
      data: { availability, ...(isLeaving ? { lastSeenAt: await timeOf(tx) } : {}) },
    })
    isChanged = count > 0
    if (!isChanged) return null
    await appendUpdates(tx, [userId], { kind: 'VIEWER_CHANGED', actorId: userId })
    return {}
  })
  if (!isChanged) return
  if (availability === 'INVISIBLE') ctx.typing.end({ conversationId: null, userId, deviceId: null })
  ctx.presence.announce([userId])
}
