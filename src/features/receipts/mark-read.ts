import { NotFoundError, UnauthenticatedError } from '../../errors.js'
import type { VerbContext } from '../context.js'

interface Answer {
  readonly outcome: 'READ' | 'UNCHANGED' | 'NOT_FOUND' | 'UNAUTHENTICATED' | 'HINTS'
  readonly userIds: string[] | null
  readonly positions: number[] | null
}

/**
 * Moves the viewer's read position forward to a message that they may see, former members too. Backwards is a success
 * that changes nothing. Throws NotFoundError.
 */
export async function markRead(
  ctx: VerbContext,
  conversationId: string,
  upToMessageId: string,
): Promise<void> {
  const [answer, hints] = await ctx.db.query<Answer>(
    'mark-read',
    `SELECT outcome, user_ids AS "userIds", positions
       FROM mark_read_v2(ARRAY[$1::uuid], ARRAY[$2::uuid], ARRAY[$3::uuid], ARRAY[$4], ARRAY[$5])`,
    [ctx.viewer.id, conversationId, upToMessageId, ctx.requestId, ctx.address],
  )
  if (answer?.outcome === 'NOT_FOUND') throw new NotFoundError()
  if (answer?.outcome === 'UNAUTHENTICATED')
    throw new UnauthenticatedError('This account is not active.', true)
  if (answer?.outcome === 'READ' && hints) ctx.hints.columnsMoved(hints)
}
