import DataLoader from 'dataloader'
import { groupBy } from '../../platform/group-by.js'
import type { Services } from '../context.js'
import { type Presence, type PresenceKey, presencesOf } from './presence.js'
import { participantsNow, type TypingKey, typistsFor } from './typing.js'

const gatherMilliseconds = 5
const keysPerStatement = 5000

type Reading = Pick<Services, 'db' | 'config' | 'presence' | 'typing'>

/** The leases are out of reach: whatever was shown before still stands. */
export const unknown = Symbol('unknown')

/**
 * Reads for all the watchers of a node together: what a signal costs in statements does not grow with how many watch. Nothing is
 * kept: each signal is asked for anew, and so is whether its watcher may still see it.
 */
export class SignalReaders {
  readonly presences: DataLoader<PresenceKey, Presence | typeof unknown | null>
  readonly typists: DataLoader<TypingKey, readonly string[]>
  /** Who takes part in a conversation now. */
  readonly participants: DataLoader<string, readonly string[]>

  constructor(services: Reading) {
    this.presences = gathering((keys) => presencesOf(services, keys, unknown))
    this.typists = gathering((keys) => typistsFor(services, keys))
    this.participants = gathering(async (conversationIds) => {
      const rows = groupBy(await participantsNow(services, conversationIds), (row) => row.conversationId)
      return conversationIds.map((id) => (rows.get(id) ?? []).map((row) => row.userId))
    })
  }
}

function gathering<Key, Value>(read: (keys: readonly Key[]) => Promise<Value[]>): DataLoader<Key, Value> {
  return new DataLoader(read, {
    cache: false,
    maxBatchSize: keysPerStatement,
    batchScheduleFn: (run) => setTimeout(run, gatherMilliseconds),
  })
}
