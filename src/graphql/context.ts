import type { Ticket, VerbContext } from '../features/context.js'
import type { Loaders } from './loaders.js'

/** The context of one operation: what verbs get, and what only resolvers need. */
export interface GraphContext extends VerbContext {
  readonly loaders: Loaders<GraphContext>
  /** When subscriptions end with UNAUTHENTICATED; null where the socket closes instead. */
  readonly streamsEndAt: Date | null
  /** Set before execution where the document selects Viewer.updateCursor. */
  updateCursor: string | null
  /** The update that a subscription’s event under way tells of; null for heartbeats, signals and the like. */
  delivering: { readonly at: Date; readonly isLive: boolean } | null
  /** Aborts when an HTTP client has gone. */
  readonly gone: AbortSignal | null
  readonly ticket: Ticket | null
}
