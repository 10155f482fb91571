import type { Config } from '../config.js'
import type { Vault } from '../platform/crypto/vault.js'
import type { Database } from '../platform/db/database.js'
import type { UserRole } from '../platform/db/types.js'
import type { Gathering } from '../platform/gathering.js'
import type { Log } from '../platform/log.js'
import type { Metrics } from '../platform/metrics/metrics.js'
import type { Cursors } from './cursors.js'
import type { SendLanes } from './messages/send-lanes.js'
import type { Pace } from './signals/pace.js'
import type { PresenceBoard } from './signals/presence-board.js'
import type { SignalReaders } from './signals/readers.js'
import type { TypingAudience } from './signals/typing-audience.js'
import type { TypingBoard } from './signals/typing-board.js'
import type { Hints } from './stream/hints.js'
import type { StreamHub } from './stream/hub.js'

/** Who asks: as stored, never as claimed by a token. */
export interface Actor {
  readonly id: string
  readonly externalId: string
  readonly role: UserRole
}

/** What reads that operations share go by. */
export type Reading = Pick<Services, 'db' | 'config'>

/** What lives as long as the node. */
export interface Services {
  readonly config: Config
  readonly db: Database
  /** Reads for all operations of a moment together. */
  readonly gathering: Gathering<Reading>
  readonly vault: Vault
  readonly cursors: Cursors
  readonly hints: Hints
  readonly hub: StreamHub
  readonly sends: SendLanes
  readonly typing: TypingBoard
  readonly typingAudience: TypingAudience
  readonly presence: PresenceBoard
  readonly signals: SignalReaders
  readonly signalPace: Pace
  readonly log: Log
  readonly metrics: Metrics
}

/** Where a request came from, for the audit. */
export interface Origin {
  readonly requestId: string
  readonly address: string | null
}

/** The place of a send in the order of its connection. */
export interface Ticket {
  /** Resolves when everything before it on the connection has entered its lane. */
  arrive(): Promise<void>
  /** Lets the next one pass. Idempotent. */
  release(): void
}

/** What every verb gets: the node's services, who asks, and for which request. */
export interface VerbContext extends Services, Origin {
  readonly viewer: Actor
  readonly ticket: Ticket | null
  /** The connection that asks, as far as there is one: what somebody types on it ends with it. */
  readonly deviceId: string
}
