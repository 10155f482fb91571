import type { Database } from '../../platform/db/database.js'
import { conversationsFor } from '../conversations/read.js'
import type { ConversationRow } from '../conversations/rows.js'
import { mentionsOf } from '../messages/mentions.js'
import { messagesOfUpdates } from '../messages/read.js'
import type { MessageRow } from '../messages/rows.js'
import { readUsers, type UserRow } from '../people/read.js'
import { type ReactionRow, reactionsOf } from '../reactions/read.js'
import { type AcknowledgementRow, acknowledgementsOf } from '../urgent/read.js'
import type { UpdateRow } from './rows.js'

/** How long what was read with a hint may stand in for a read of its own. */
const freshMilliseconds = 1000

/** What belongs to a message and is the same for everybody who may see it; undefined: not read. */
export interface Belongings {
  readonly reactions?: readonly ReactionRow[] | undefined
  readonly mentions?: readonly string[] | undefined
  readonly acknowledgements?: readonly AcknowledgementRow[] | undefined
}

/** What a row tells of, as its person may see it; undefined: not read, null: not for them. */
export interface ReadTogether {
  readonly message: MessageRow | null | undefined
  readonly conversation: ConversationRow | null | undefined
  readonly belongings: Belongings
  /** The people whom it names: sender, actor, and who reacted, is mentioned or acknowledged. */
  readonly people: readonly UserRow[]
}

const readWithRow = new WeakMap<UpdateRow, ReadTogether & { readonly until: number }>()

/**
 * Reads what these rows tell of, for all of a node's people at once: three statements, and one each for reactions, mentions
 * and acknowledgements where there are any, however many rows there are. Each person's message and conversation are read
 * under what that person may see.
 */
export async function readTogether(db: Database, updates: readonly UpdateRow[]): Promise<void> {
  const until = Date.now() + freshMilliseconds
  const [messages, conversations] = await Promise.all([
    messagesOfUpdates(db, updates),
    conversationsFor(db, updates),
  ])
  const shown = new Set([...messages.values()].filter((message) => message !== null))
  const belongings = await belongingsOf(db, [...shown])
  const named = new Map(
    updates.map((update) => [update, namedBy(update, messages.get(update) ?? null, belongings)] as const),
  )
  const people = await peopleById(db, new Set([...named.values()].flat()))
  for (const update of updates) {
    const message = messages.get(update)
    readWithRow.set(update, {
      message,
      conversation: conversations.get(update),
      belongings: (message && belongings.get(message)) ?? {},
      people: named.get(update)?.flatMap((id) => people.get(id) ?? []) ?? [],
      until,
    })
  }
}

/** What was read together with a row, while it is fresh; undefined: read it yourself. */
export function readWith(update: UpdateRow): ReadTogether | undefined {
  const read = readWithRow.get(update)
  return read && read.until > Date.now() ? read : undefined
}

async function belongingsOf(
  db: Database,
  messages: readonly MessageRow[],
): Promise<Map<MessageRow, Belongings>> {
  const [reactions, mentions, acknowledgements] = await Promise.all([
    readFor(db, messages, ({ reactionCount }) => reactionCount > 0, reactionsOf),
    readFor(db, messages, ({ mentionCount }) => mentionCount > 0, mentionsOf),
    readFor(db, messages, ({ priority }) => priority === 'URGENT', acknowledgementsOf),
  ])
  return new Map(
    messages.map((message) => [
      message,
      {
        reactions: reactions.get(message),
        mentions: mentions.get(message),
        acknowledgements: acknowledgements.get(message),
      },
    ]),
  )
}

async function readFor<Value>(
  db: Database,
  messages: readonly MessageRow[],
  isWanted: (message: MessageRow) => boolean,
  read: (ctx: { db: Database }, ids: readonly string[]) => Promise<Value[]>,
): Promise<Map<MessageRow, Value>> {
  const wanted = messages.filter(isWanted)
  if (wanted.length === 0) return new Map()
  const values = await read(
    { db },
    wanted.map(({ id }) => id),
  )
  return new Map(
    wanted.flatMap((message, index) => {
      const value = values[index]
      return value === undefined ? [] : [[message, value] as const]
    }),
  )
}

/** Whom an update shows, besides the conversation's people. */
function namedBy(
  { actorId }: UpdateRow,
  message: MessageRow | null,
  belongings: ReadonlyMap<MessageRow, Belongings>,
): string[] {
  if (message === null) return []
  const { reactions = [], mentions = [], acknowledgements = [] } = belongings.get(message) ?? {}
  return [
    ...(message.senderId === null ? [] : [message.senderId]),
    ...(actorId === null || actorId === message.senderId ? [] : [actorId]),
    ...reactions.flatMap(({ firstUserIds }) => firstUserIds),
    ...mentions,
    ...acknowledgements.map(({ userId }) => userId),
  ]
}

async function peopleById(db: Database, ids: ReadonlySet<string>): Promise<Map<string, UserRow>> {
  if (ids.size === 0) return new Map()
  const people = await readUsers({ db }, [...ids])
  return new Map(people.flatMap((person) => (person ? [[person.id, person] as const] : [])))
}
