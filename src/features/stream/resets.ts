import type { Database } from '../../platform/db/database.js'
import type { StreamPlace } from './cursor.js'
import { readRows, type StreamHead } from './rows.js'

export const resetReasons = ['EXPIRED', 'BACKLOG_TOO_LONG', 'EPOCH_CHANGED'] as const
export type ResetReason = (typeof resetReasons)[number]

/** Why a stream can't go on after this place without a hole, or null when it can. */
export async function resetReasonAt(
  db: Database,
  head: StreamHead,
  place: StreamPlace,
): Promise<ResetReason | null> {
  if (place.epoch !== head.epoch || place.position > head.position) return 'EPOCH_CHANGED'
  if (place.position === head.position) return null
  const [first] = await readRows(db, [{ userId: head.userId, position: place.position, at: place.at }], 1)
  return first?.position === place.position + 1 ? null : 'EXPIRED'
}
