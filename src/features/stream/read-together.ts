import type { Database } from '../../platform/db/database.js'
import { conversationsFor } from '../conversations/read.js'
import type { ConversationRow } from '../conversations/rows.js'
import { messagesOfUpdates } from '../messages/read.js'
import type { MessageRow } from '../messages/rows.js'
import { type UserRow, usersById } from '../people/read.js'
import type { UpdateRow } from './rows.js'

/** How long what was read with a hint may stand in for a read of its own. */
const freshMilliseconds = 1000

/** What a row tells of, as its person may see it; undefined: not read, null: not for them. */
export interface ReadTogether {
  readonly message: MessageRow | null | undefined
  readonly conversation: ConversationRow | null | undefined
  readonly sender: UserRow | null | undefined
}

const readWithRow = new WeakMap<UpdateRow, ReadTogether & { readonly until: number }>()

/**
 * Reads what these rows tell of, for all of a node's people at once: three statements however many rows there are. Each
 * person's message and conversation are read under what that person may see.
 */
export async function readTogether(db: Database, updates: readonly UpdateRow[]): Promise<void> {
  const until = Date.now() + freshMilliseconds
  const [messages, conversations] = await Promise.all([
    messagesOfUpdates(db, updates),
    conversationsFor(db, updates),
  ])
  const senderIds = new Set<string>()
  for (const message of messages.values()) if (message?.senderId) senderIds.add(message.senderId)
  const senders = new Map<string, UserRow | null>()
  if (senderIds.size > 0) {
    const ids = [...senderIds]
    const users = await usersById({ db }, ids)
    ids.forEach((id, index) => {
      senders.set(id, users[index] ?? null)
    })
  }
  for (const update of updates) {
    const message = messages.get(update)
    const sender = message?.senderId ? senders.get(message.senderId) : undefined
    readWithRow.set(update, { message, conversation: conversations.get(update), sender, until })
  }
}

/** What was read together with a row, while it is fresh; undefined: read it yourself. */
export function readWith(update: UpdateRow): ReadTogether | undefined {
  const read = readWithRow.get(update)
  return read && read.until > Date.now() ? read : undefined
}
