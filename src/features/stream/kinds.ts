import { ServiceUnavailableError } from '../../errors.js'
import type { UpdateKind } from '../../platform/db/types.js'
import type { UpdateRow } from './rows.js'

/** The kinds of update that this version writes, and can tell of. */
export const knownKinds = [
  'MESSAGE_SENT',
  'MESSAGE_EDITED',
  'MESSAGE_DELETED',
  'MESSAGE_HIDDEN',
  'REACTION_ADDED',
  'REACTION_REMOVED',
  'MESSAGE_PINNED',
  'MESSAGE_UNPINNED',
  'MESSAGE_ACKNOWLEDGED',
  'MESSAGES_DELIVERED',
  'MESSAGES_READ',
  'CONVERSATION_OPENED',
  'CONVERSATION_CHANGED',
  'PARTICIPANT_JOINED',
  'PARTICIPANT_CHANGED',
  'PARTICIPANT_LEFT',
  'VIEWER_CHANGED',
] as const satisfies readonly UpdateKind[]

export type KnownKind = (typeof knownKinds)[number]

export type KnownRow = UpdateRow & { readonly kind: KnownKind }

const known = new Set<string>(knownKinds)

export function isKnown(row: UpdateRow): row is KnownRow {
  return known.has(row.kind)
}

/**
 * A newer node wrote an update that this version can't tell of. To pass over it would lose it for good, so the stream
 * breaks off before it, and its owner comes back to a newer node with the cursor.
 */
export class NewerUpdateError extends ServiceUnavailableError {}
