import { InvalidInputError, UnauthenticatedError } from '../../errors.js'
import type { VerbContext } from '../context.js'
import { decodePlace } from '../stream/cursor.js'
import { readHead } from '../stream/rows.js'

const conversationsPerTransaction = 100

interface Answer {
  readonly outcome: 'MORE' | 'DONE' | 'NOT_REACHED' | 'UNAUTHENTICATED'
  readonly userIds: string[] | null
  readonly positions: number[] | null
}

/**
 * Acknowledges the viewer's stream up to a cursor: what lies at or before it counts as delivered to the person, in all
 * conversations. Interrupted, it may be called again. Throws InvalidInputError for a cursor that is not theirs, of
 * another epoch, or ahead of the stream.
 */
export async function markDelivered(ctx: VerbContext, upToCursor: string): Promise<void> {
  const place = decodePlace(ctx.cursors, ctx.viewer.id, upToCursor, 'upToCursor')
  const { epoch } = await readHead(ctx.db, ctx.viewer.id)
  if (place.epoch !== epoch)
    throw InvalidInputError.at('upToCursor', 'This cursor is of before a reset. Refetch first.')
  for (;;) {
    const [answer] = await ctx.db.query<Answer>(
      'mark-delivered',
      'SELECT outcome, user_ids AS "userIds", positions FROM mark_delivered_v2($1::uuid, $2::bigint, $3::timestamptz, $4::int, $5, $6)',
      [ctx.viewer.id, place.position, place.at, conversationsPerTransaction, ctx.requestId, ctx.address],
    )
    if (answer?.outcome === 'NOT_REACHED')
      throw InvalidInputError.at('upToCursor', 'Your stream has not come this far.')
    if (answer?.outcome === 'UNAUTHENTICATED')
      throw new UnauthenticatedError('This account is not active.', true)
    if (answer) ctx.hints.columnsMoved(answer)
    if (answer?.outcome !== 'MORE') return
  }
}
