import DataLoader from 'dataloader'
import { groupBy } from '../../platform/group-by.js'
import type { Services } from '../context.js'
import { conversationsFor } from '../conversations/read.js'
import type { ConversationRow } from '../conversations/rows.js'
import { readUsers, type UserRow } from '../people/read.js'
import { type PresenceKey, type PresenceReading, presencesOf } from './presence.js'
import { participantsNow, type TypingKey, typistsFor } from './typing.js'

const gatherMilliseconds = 5
const keysPerStatement = 5000

type Reading = Pick<Services, 'db' | 'config' | 'presence' | 'typing'>

/**
 * Reads for all the watchers of a node together: what a signal costs in statements does not grow with how many watch. Nothing is
 * kept: each signal is asked for anew, and so is whether its watcher may still see it.
 */
export class SignalReaders {
  readonly presences: DataLoader<PresenceKey, PresenceReading | null>
  readonly typists: DataLoader<TypingKey, readonly string[]>
  /** Who takes part in a conversation now. */
  readonly participants: DataLoader<string, readonly string[]>
  /** A conversation as its viewer sees it; null: not at all. */
  readonly conversations: DataLoader<TypingKey, ConversationRow | null>
  readonly users: DataLoader<string, UserRow | null>

  constructor(services: Reading) {
    this.presences = gathering((keys) => presencesOf(services, keys))
    this.typists = gathering((keys) => typistsFor(services, keys))
    this.conversations = gathering(async (keys) => {
      const asked = keys.map(({ viewerId, conversationId }) => ({ userId: viewerId, conversationId }))
      const rows = await conversationsFor(services.db, asked)
      return asked.map((key) => rows.get(key) ?? null)
    })
    this.users = gathering((ids) => readUsers(services, ids))
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
