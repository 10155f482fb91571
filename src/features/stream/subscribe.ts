import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceUnavailableError, UnauthenticatedError } from '../../errors.js'
import type { VerbContext } from '../context.js'
import { decodePlace, encodePlace, type StreamPlace } from './cursor.js'
import { caughtUpEvent, failedEvent, resetEvent, rowEvent, type StreamEvent } from './events.js'
import type { Follower } from './follower.js'
import { readTogether } from './read-together.js'
import { resetReasonAt } from './resets.js'
import { readHead, readRows, type StreamHead } from './rows.js'

const heartbeatMilliseconds = 15_000
const longestBacklog = 10_000
const rowsPerRead = 200
const retryMilliseconds = 500

/** When a stream is to end with UNAUTHENTICATED; null where its socket closes instead. */
export interface StreamContext extends VerbContext {
  readonly streamsEndAt: Date | null
  /** Aborts when the client has gone, also before the stream began; null where the transport returns the iterator. */
  readonly gone: AbortSignal | null
}

/**
 * The viewer's stream after a cursor, then live; with `after: null` from now on. Throws InvalidInputError for a cursor
 * that is not theirs. The iterator ends at once when returned, and silently when the node stops; when the viewer's token
 * expires, or their account changes, its last event is a failure. It never throws: graphql-ws would close the socket.
 */
export async function followUpdates(
  ctx: StreamContext,
  after: string | null,
): Promise<AsyncIterableIterator<StreamEvent>> {
  const place = after === null ? null : decodePlace(ctx.cursors, ctx.viewer.id, after, 'after')
  const { follower, known, stop } = ctx.hub.follow(ctx.viewer)
  const expiry = expiryTimer(ctx.streamsEndAt, () => follower.finish('expired'))
  const close = () => {
    clearTimeout(expiry)
    follower.finish('closed')
    stop()
  }
  ctx.gone?.addEventListener('abort', close, { once: true })
  try {
    const head = await readHead(ctx.db, ctx.viewer.id)
    if (ctx.gone?.aborted) close()
    return failingSoftly(run(ctx, follower, known, head, place), close)
  } catch (error) {
    close()
    throw error
  }
}

function failingSoftly(
  events: AsyncGenerator<StreamEvent, undefined>,
  close: () => void,
): AsyncIterableIterator<StreamEvent> {
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      try {
        const result = await events.next()
        if (result.done) close()
        return result
      } catch (error) {
        close()
        return { done: false, value: failedEvent(error) }
      }
    },
    // A generator that waits would only end with its next row: so its wait is ended first.
    return: async () => {
      close()
      return events.return(undefined)
    },
  }
}

// setTimeout fires at once for more than 2³¹ ms.
function expiryTimer(expiresAt: Date | null, expire: () => void): NodeJS.Timeout | undefined {
  if (!expiresAt) return undefined
  return setTimeout(expire, Math.min(Math.max(expiresAt.getTime() - Date.now(), 0), 2 ** 31 - 1)).unref()
}

async function* run(
  ctx: StreamContext,
  follower: Follower,
  known: () => number,
  start: StreamHead,
  place: StreamPlace | null,
): AsyncGenerator<StreamEvent, undefined> {
  let head = start
  let last: Pick<StreamEvent, 'cursor' | 'viewerUnread'> = {
    cursor: encodePlace(ctx.cursors, ctx.viewer.id, place ?? head),
    viewerUnread: head.unread,
  }
  let replayed = 0
  let isCaughtUp = false
  let wasLive = false
  const reason = place && (await resetReason(ctx, head, place))
  if (reason) {
    const reset = resetEvent(ctx.cursors, head, reason)
    ctx.metrics.resets(reason)
    last = reset
    yield reset
  }
  follower.startAfter(reason || !place ? head : place)

  for (;;) {
    if (!isCaughtUp && follower.position >= head.position) {
      isCaughtUp = true
      yield caughtUpEvent(last, replayed)
    }
    const step = await follower.next(heartbeatMilliseconds)
    if (step.kind === 'row') {
      if (!isCaughtUp) replayed += 1
      const event = rowEvent(ctx.cursors, head.epoch, step.row, isCaughtUp)
      last = event
      yield event
    } else if (step.kind === 'lagging') {
      if (wasLive) ctx.metrics.gapReads()
      else ctx.metrics.backlogReads()
      const reset = await readOn(ctx, follower, known)
      wasLive ||= follower.live
      if (reset) follower.resetTo(reset, reset.epoch === head.epoch ? 'EXPIRED' : 'EPOCH_CHANGED')
    } else if (step.kind === 'reset') {
      head = step.head
      const event = resetEvent(ctx.cursors, head, step.reason)
      ctx.metrics.resets(step.reason)
      last = event
      yield event
    } else if (step.kind === 'idle') {
      yield caughtUpEvent(last, 0)
    } else if (step.reason === 'revoked' || step.reason === 'expired') {
      throw new UnauthenticatedError('Sign in again.', true)
    } else {
      return undefined
    }
  }
}

async function resetReason(ctx: StreamContext, head: StreamHead, place: StreamPlace) {
  const reason = await resetReasonAt(ctx.db, head, place)
  return reason ?? (head.position - place.position > longestBacklog ? 'BACKLOG_TOO_LONG' : null)
}

/** Reads the next rows for a follower that lags. Returns the head to go on from where rows are missing. */
async function readOn(
  ctx: StreamContext,
  follower: Follower,
  known: () => number,
): Promise<StreamHead | null> {
  const from = follower.position
  try {
    const rows = await readRows(
      ctx.db,
      [{ userId: ctx.viewer.id, position: from, at: follower.at }],
      rowsPerRead,
    )
    const [first] = rows
    await readTogether(ctx.db, rows)
    if (first && first.position !== from + 1) return await readHead(ctx.db, ctx.viewer.id)
    follower.offer(rows)
    if (rows.length === 0 || (rows.length < rowsPerRead && known() <= follower.tail)) follower.goLive()
  } catch (error) {
    if (!(error instanceof ServiceUnavailableError)) throw error
    await sleep(retryMilliseconds)
  }
  return null
}
