import { InvalidInputError } from '../../errors.js'
import type { VerbContext } from '../context.js'
import { decodePlace, encodePlace } from './cursor.js'
import { resetEvent, rowEvent, type StreamEvent } from './events.js'
import { resetReasonAt } from './resets.js'
import { readHead, readRows } from './rows.js'

const largestPage = 100

export interface StreamPage {
  readonly updates: readonly StreamEvent[]
  readonly endCursor: string
  readonly hasMore: boolean
}

/** A page of the viewer's stream, for those who poll: the same rows and cursors as the subscription's. */
export async function updatesPage(ctx: VerbContext, after: string, first: number): Promise<StreamPage> {
  if (first < 1 || first > largestPage) throw InvalidInputError.at('first', `Ask for 1 to ${largestPage}.`)
  const place = decodePlace(ctx.cursors, ctx.viewer.id, after, 'after')
  const head = await readHead(ctx.db, ctx.viewer.id)
  const reason = await resetReasonAt(ctx.db, head, place)
  if (reason) {
    const reset = resetEvent(ctx.cursors, head, reason)
    ctx.metrics.resets(reason)
    return { updates: [reset], endCursor: reset.cursor, hasMore: false }
  }
  const rows = await readRows(
    ctx.db,
    [{ userId: ctx.viewer.id, position: place.position, at: place.at }],
    first,
  )
  const updates = rows.map((row) => rowEvent(ctx.cursors, head.epoch, row, false))
  ctx.metrics.deliveries('poll', updates.length)
  const endCursor = updates.at(-1)?.cursor ?? encodePlace(ctx.cursors, ctx.viewer.id, place)
  return { updates, endCursor, hasMore: (rows.at(-1)?.position ?? place.position) < head.position }
}
