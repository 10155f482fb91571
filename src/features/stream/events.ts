import type { Cursors } from '../cursors.js'
import { encodePlace } from './cursor.js'
import { isKnown, type KnownRow, NewerUpdateError } from './kinds.js'
import type { ResetReason } from './resets.js'
import type { StreamHead, UpdateRow } from './rows.js'

/** One element of a stream: a durable row, or a sign that stands in no table. */
export type StreamEvent = {
  readonly cursor: string
  readonly at: Date
  readonly viewerUnread: number
} & (
  | {
      readonly kind: 'row'
      readonly row: KnownRow
      /** Whether it was written while its reader was following. */
      readonly isLive: boolean
    }
  | { readonly kind: 'caught-up'; readonly replayed: number }
  | { readonly kind: 'reset'; readonly reason: ResetReason }
  | { readonly kind: 'failed'; readonly error: unknown }
)

/** Throws NewerUpdateError for what only a newer version can tell of. */
export function rowEvent(cursors: Cursors, epoch: number, row: UpdateRow, isLive: boolean): StreamEvent {
  if (!isKnown(row)) throw new NewerUpdateError()
  const cursor = encodePlace(cursors, row.userId, { epoch, position: row.position, at: row.at })
  return { kind: 'row', row, isLive, cursor, at: row.at, viewerUnread: row.viewerUnread }
}

export function resetEvent(cursors: Cursors, head: StreamHead, reason: ResetReason): StreamEvent {
  return {
    kind: 'reset',
    reason,
    cursor: encodePlace(cursors, head.userId, head),
    at: head.at,
    viewerUnread: head.unread,
  }
}

/** Not durable: its cursor is the one that came last. */
export function caughtUpEvent(
  last: Pick<StreamEvent, 'cursor' | 'viewerUnread'>,
  replayed: number,
): StreamEvent {
  return { kind: 'caught-up', replayed, cursor: last.cursor, viewerUnread: last.viewerUnread, at: new Date() }
}

/** The last event of a stream that breaks off. Its error is what the client is told. */
export function failedEvent(error: unknown): StreamEvent {
  return { kind: 'failed', error, cursor: '', at: new Date(), viewerUnread: 0 }
}
