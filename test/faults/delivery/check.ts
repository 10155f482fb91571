import type { Person } from './cast.js'
import { rowIdOf } from './cast.js'
import type { ConversationState, StreamRow } from './evidence.js'
import type { Received } from './receiver.js'
import type { Said } from './sender.js'

/** What a receiver got, and what PostgreSQL and the API say of it afterwards. */
export interface Account {
  readonly person: Person
  readonly transport: string
  readonly received: readonly Received[]
  /** The position after which it began to follow. */
  readonly startPosition: number
  /** All rows of its stream after the start. */
  readonly rows: readonly StreamRow[]
  /** The last sequence of each conversation at the start. */
  readonly startSequences: ReadonlyMap<string, number>
  readonly conversations: readonly ConversationState[]
  readonly unread: number
}

/** What is wrong, as counts that must all be 0. */
export interface Findings {
  /** Acknowledged to the sender, and not kept. */
  acknowledgedButMissing: number
  /** Never acknowledged, although everything was healed long ago. */
  neverAcknowledged: number
  /** Said once (one clientMessageId) and kept more than once. */
  keptTwice: number
  /** Updates of a receiver's stream that never came to them. */
  lost: number
  /**
   * Updates that came again to somebody who held their cursor or a later one, over the same connection or another: a client always
   * comes back with the last cursor that it took, so nothing at or before it may come.
   */
  doubled: number
  /** Updates that came before one of a lower position; and messages of one sender that stand in another order than they were said. */
  outOfOrder: number
  /** Updates that came before the one of the position before. */
  positionGaps: number
  /** Updates that came with another kind, message or counter than their row has. */
  unlikeTheirRow: number
  /** Conversations of which the live copy is not what the history query gives. */
  copiesUnlikeHistory: number
  /** Counters, of a person or of one of their conversations, that came last and are not what the API says. */
  wrongUnread: number
}

/** Compares what was said, what is kept and what came. `examples` tells of the first few of each. */
export function check(
  said: readonly Said[],
  kept: ReadonlySet<string>,
  accounts: readonly Account[],
): { readonly findings: Findings; readonly examples: readonly string[] } {
  const findings: Findings = {
    acknowledgedButMissing: 0,
    neverAcknowledged: 0,
    keptTwice: 0,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    positionGaps: 0,
    unlikeTheirRow: 0,
    copiesUnlikeHistory: 0,
    wrongUnread: 0,
  }
  const examples: string[] = []
  const found = (name: keyof Findings, example: string, count = 1) => {
    if (findings[name] === 0 && count > 0) examples.push(`${name}: ${example}`)
    findings[name] += count
  }
  for (const { key, acknowledgedAs, sender, attempts } of said) {
    if (acknowledgedAs === null) found('neverAcknowledged', `${key} of ${sender}, ${attempts} attempts`)
    else if (!kept.has(rowIdOf(acknowledgedAs)))
      found('acknowledgedButMissing', `${key} of ${sender}, ${attempts} attempts`)
  }
  for (const account of accounts) {
    checkStream(account, found)
    checkCopies(account, found)
    checkUnread(account, found)
  }
  checkHistories(said, accounts, found)
  return { findings, examples }
}

type Found = (name: keyof Findings, example: string, count?: number) => void

function checkStream({ person, transport, received, startPosition, rows }: Account, found: Found): void {
  const byPosition = new Map(rows.map((row) => [row.position, row]))
  const seen = new Set<number>()
  let last = startPosition
  for (const { update, position, connection } of received) {
    const where = `${person.name} over ${transport}, position ${position} after ${last}, connection ${connection}`
    if (seen.has(position)) found('doubled', where)
    else if (position < last) found('outOfOrder', where)
    else if (position > last + 1) found('positionGaps', where)
    seen.add(position)
    last = Math.max(last, position)
    const row = byPosition.get(position)
    const { change, conversationUnreadCount, viewerUnreadCount } = update
    const isLike =
      row !== undefined &&
      kindOf(change?.__typename ?? '') === row.kind &&
      (change?.message === undefined || rowIdOf(change.message.id) === row.messageId) &&
      conversationUnreadCount === row.conversationUnread &&
      viewerUnreadCount === row.viewerUnread
    if (!isLike) found('unlikeTheirRow', `${where}: ${JSON.stringify({ update, row })}`)
  }
  const lost = rows.filter(({ position }) => !seen.has(position))
  found('lost', `${person.name} over ${transport}, position ${lost[0]?.position}`, lost.length)
}

/** MessageSent → MESSAGE_SENT */
function kindOf(type: string): string {
  return type.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
}

function checkCopies({ person, received, startSequences, conversations }: Account, found: Found): void {
  for (const { id, messages } of conversations) {
    const live = new Map<string, string>()
    for (const { update } of received) {
      const message = update.change?.message
      if (update.change?.__typename === 'MessageSent' && update.conversation?.id === id && message)
        live.set(message.id, JSON.stringify([message.id, message.sequence, message.body]))
    }
    const start = startSequences.get(id) ?? 0
    const history = messages
      .filter(({ sequence }) => sequence > start)
      .map(({ id: messageId, sequence, body }) => JSON.stringify([messageId, sequence, body]))
    if ([...live.values()].join() !== history.join())
      found('copiesUnlikeHistory', `${person.name}, ${live.size} live, ${history.length} in the history`)
  }
}

function checkUnread({ person, received, conversations, unread }: Account, found: Found): void {
  const lastTotal = received.at(-1)?.update.viewerUnreadCount
  if (lastTotal !== undefined && lastTotal !== unread)
    found('wrongUnread', `${person.name} was told ${lastTotal} in all and has ${unread}`)
  for (const { id, unread: counted } of conversations) {
    const last = received.findLast(({ update }) => update.conversation?.id === id)
    const told = last?.update.conversationUnreadCount
    if (told !== undefined && told !== counted)
      found('wrongUnread', `${person.name} was told ${told} in a conversation and has ${counted}`)
  }
}

/** Everything that was said stands in a receiver's history once, each sender's in the order in which they said it. */
function checkHistories(said: readonly Said[], accounts: readonly Account[], found: Found): void {
  const ordinals = new Map(said.map(({ key }, ordinal) => [key, ordinal]))
  const conversations = new Map(accounts.flatMap((account) => account.conversations.map((c) => [c.id, c])))
  for (const { messages } of conversations.values()) {
    const last = new Map<string, number>()
    const keys = new Set<string>()
    for (const { body } of messages) {
      const key = body?.slice(0, 36) ?? ''
      const ordinal = ordinals.get(key)
      if (ordinal === undefined) continue
      if (keys.has(key)) {
        found('keptTwice', key)
        continue
      }
      keys.add(key)
      const { sender } = said[ordinal] ?? { sender: '' }
      if (ordinal < (last.get(sender) ?? -1)) found('outOfOrder', `${key} of ${sender} in a history`)
      last.set(sender, ordinal)
    }
  }
}
