import type { Database } from '../../platform/db/database.js'
import type { StreamPlace } from './cursor.js'
import { readRows, type StreamHead } from './rows.js'

export const resetReasons = ['EXPIRED', 'BACKLOG_TOO_LONG', 'EPOCH_CHANGED'] as const
export type ResetReason = (typeof resetReasons)[number]

/**
 * Why a stream can't go on after this place without a hole, or null when it can. A place whose row has another time than it had
 * is of before a restore: its position was given again, also where nobody has raised the epoch.
 */
export async function resetReasonAt(
  db: Database,
  head: StreamHead,
  place: StreamPlace,
): Promise<ResetReason | null> {
  if (place.epoch !== head.epoch || place.position > head.position) return 'EPOCH_CHANGED'
  if (place.position === 0 && head.position === 0) return null
  // Its own row, unless that was trimmed, and the next one.
  const rows = await readRows(db, [{ userId: head.userId, position: place.position - 1, at: place.at }], 2)
  const own = rows.find(({ position }) => position === place.position)
  if (own && own.at.getTime() !== place.at.getTime()) return 'EPOCH_CHANGED'
  if (place.position === head.position) return null
  return rows.some(({ position }) => position === place.position + 1) ? null : 'EXPIRED'
}
