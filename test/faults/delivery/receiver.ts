import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Api } from './api.js'
import type { Person } from './cast.js'
import type { Random } from './random.js'

const message = z.object({ id: z.string(), sequence: z.number(), body: z.string().nullable() })

/** An update as it comes over any transport. */
export const updateShape = z.object({
  cursor: z.string(),
  conversationUnreadCount: z.number().nullable(),
  viewerUnreadCount: z.number(),
  conversation: z.object({ id: z.string() }).nullable(),
  change: z.looseObject({ __typename: z.string(), message: message.optional() }).nullable(),
})
export type Update = z.infer<typeof updateShape>

export const updateSelection = `cursor conversationUnreadCount viewerUnreadCount conversation { id }
  change { __typename ... on MessageSent { message { id sequence body } } ... on StreamReset { reason } }`

/** Where a cursor stands. It is opaque to clients, which need no position; a test that counts gaps does. */
export function positionOf(cursor: string): number {
  const macBytes = 12
  const [, position] = Buffer.from(cursor, 'base64url').subarray(macBytes).toString().split('~')
  return Number(position)
}

/** An update that stands in the stream, and when it came over which of a receiver's connections. */
export interface Received {
  readonly update: Update
  readonly position: number
  readonly at: number
  readonly connection: number
}

/** A connection that follows until it ends, for whatever reason: it then comes back with the last cursor. */
export interface Following {
  readonly api: Api
  readonly person: Person
  readonly node: number
  readonly after: string
  readonly take: (update: Update) => void
  /** Tells of an error that the server sent. */
  readonly fail: (code: string) => void
  readonly stopped: AbortSignal
}
export type Transport = (following: Following) => Promise<void>

const longestBackOffMilliseconds = 300
/** How long somebody stays at one node, at most, without being made to leave. */
const longestStayMilliseconds = 12_000
/** As apps do, but not at every message. */
const readEvery = 25

/** Follows a stream over one transport, and whenever a connection ends comes back to any node with the last cursor. */
export class Receiver {
  readonly received: Received[] = []
  connections = 0
  resets = 0
  /** Whether it tells what it has read and taken, as it goes on. */
  isAcknowledging = true
  /** Errors by their code. */
  readonly codes = new Map<string, number>()

  constructor(
    private readonly api: Api,
    readonly person: Person,
    readonly transportName: string,
    private readonly transport: Transport,
    private readonly random: Random,
    /** Where it began. */
    readonly start: string,
  ) {}

  async run(stopped: AbortSignal): Promise<void> {
    let after = this.start
    while (!stopped.aborted) {
      this.connections += 1
      const { connections: connection } = this
      const stay = new AbortController()
      const leave = setTimeout(() => stay.abort(), longestStayMilliseconds * (0.3 + 0.7 * this.random.next()))
      const take = (update: Update) => {
        // What an aborted connection still hands over counts as not received: the cursor has not moved.
        if (stay.signal.aborted || stopped.aborted) return
        after = update.cursor
        this.note(update, connection)
      }
      await this.transport({
        api: this.api,
        person: this.person,
        node: this.random.between(0, this.api.nodeCount - 1),
        after,
        take,
        fail: (code) => this.codes.set(code, (this.codes.get(code) ?? 0) + 1),
        stopped: AbortSignal.any([stopped, stay.signal]),
      })
      // It may have ended by itself.
      const left = stay.signal.aborted
      stay.abort()
      clearTimeout(leave)
      if (!left) await sleep(longestBackOffMilliseconds * this.random.next())
    }
  }

  private note(update: Update, connection: number): void {
    const type = update.change?.__typename
    if (type === 'CaughtUp') return
    if (type === 'StreamReset') {
      this.resets += 1
      return
    }
    this.received.push({ update, position: positionOf(update.cursor), at: performance.now(), connection })
    if (this.isAcknowledging && type === 'MessageSent' && this.received.length % readEvery === 0)
      void this.acknowledge(update)
  }

  /** What becomes of it does not matter: the next one says it again. */
  private async acknowledge(update: Update): Promise<void> {
    const node = this.random.between(0, this.api.nodeCount - 1)
    const { name } = this.person
    const read = { conversationId: update.conversation?.id, upToMessageId: update.change?.message?.id }
    await this.api.ask(
      name,
      node,
      'mutation ($input: MarkReadInput!) { markRead(input: $input) { ... on Error { code } } }',
      { input: read },
    )
    await this.api.ask(
      name,
      node,
      'mutation ($input: MarkDeliveredInput!) { markDelivered(input: $input) { ... on Error { code } } }',
      { input: { upToCursor: update.cursor } },
    )
  }
}
