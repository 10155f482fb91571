import type { Config } from '../../config.js'
import type { Database } from '../../platform/db/database.js'
import { newId } from '../../platform/ids.js'
import type { Lifetimes } from '../../platform/lifetimes.js'
import type { Log } from '../../platform/log.js'
import type { Leases } from '../../platform/pubsub/leases.js'
import type { Bus } from '../../platform/pubsub/pubsub.js'
import type { Services } from '../context.js'
import { LastSeen } from './last-seen.js'
import { Pace } from './pace.js'
import { PresenceBoard } from './presence-board.js'
import { SignalReaders } from './readers.js'
import { TypingAudience } from './typing-audience.js'
import { TypingBoard } from './typing-board.js'

interface Parts {
  readonly config: Config
  readonly db: Database
  readonly log: Log
  readonly bus: Bus
  readonly leases: Leases
}

/** What a node keeps of who is there and who types; it ends with the node. */
export function startSignals(
  stack: Lifetimes,
  { config, db, log, bus, leases }: Parts,
): Pick<Services, 'presence' | 'typing' | 'typingAudience' | 'signals' | 'signalPace'> {
  const nodeId = newId()
  const presence = stack.use(new PresenceBoard(bus, leases, new LastSeen(db, log), log, nodeId))
  const typing = stack.use(new TypingBoard(bus, nodeId))
  const signals = new SignalReaders({ db, config, presence, typing })
  return {
    presence,
    typing,
    signals,
    typingAudience: new TypingAudience(typing, signals),
    signalPace: new Pace(),
  }
}
