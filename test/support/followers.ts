import { setTimeout as sleep } from 'node:timers/promises'
import { updateFields } from './documents.js'
import type { Person } from './person.js'
import { SseStream } from './sse.js'
import type { Stream, UpdateShape } from './stream.js'
import { updatesAfter } from './updates-page.js'

export const updatesDocument = `subscription ($after: String) { updates(after: $after) { ...UpdateFields } } ${updateFields}`

/** Somebody who follows an update stream, and goes away and comes back with the last cursor, over one transport. */
export interface Follower {
  /** All that has come so far, over every connection, in the order in which it came. */
  readonly seen: readonly UpdateShape[]
  /** Loses the connection, and comes back on this node. */
  comeBack(node: number): Promise<void>
  stop(): Promise<void>
}

export class SocketFollower implements Follower {
  private readonly before: UpdateShape[] = []
  private stream: Stream

  constructor(
    private readonly person: Person,
    private readonly start: string,
  ) {
    this.stream = person.follow(start)
  }

  get seen(): UpdateShape[] {
    return [...this.before, ...this.stream.all]
  }

  async comeBack(node: number): Promise<void> {
    await this.stop()
    this.before.push(...this.stream.all)
    this.stream = this.person.at(node).follow(this.before.at(-1)?.cursor ?? this.start)
  }

  async stop(): Promise<void> {
    await this.stream.close()
    if (this.stream.errors.length > 0) throw new Error(`not followed: ${JSON.stringify(this.stream.errors)}`)
  }
}

export class SseFollower implements Follower {
  private readonly before: UpdateShape[] = []

  private constructor(
    private readonly person: Person,
    private readonly start: string,
    private stream: SseStream,
  ) {}

  static async open(person: Person, start: string): Promise<SseFollower> {
    return new SseFollower(person, start, await SseStream.open(person, updatesDocument, { after: start }))
  }

  get seen(): UpdateShape[] {
    return [...this.before, ...this.stream.results.map(updateOf)]
  }

  async comeBack(node: number): Promise<void> {
    await this.stop()
    this.before.push(...this.stream.results.map(updateOf))
    const after = this.before.at(-1)?.cursor ?? this.start
    this.stream = await SseStream.open(this.person.at(node), updatesDocument, { after })
  }

  stop(): Promise<void> {
    return this.stream.close()
  }
}

function updateOf(result: unknown): UpdateShape {
  const { data, errors } = result as { data?: { updates: UpdateShape }; errors?: unknown }
  if (!data || errors) throw new Error(`not followed: ${JSON.stringify(result)}`)
  return data.updates
}

/** Asks again and again, a few at a time. */
export class PollingFollower implements Follower {
  readonly seen: UpdateShape[] = []
  private isStopped = false
  private cursor: string
  private readonly polling: Promise<void>

  constructor(
    private person: Person,
    start: string,
    private readonly pageSize: number,
  ) {
    this.cursor = start
    this.polling = this.poll()
    // Heard at `stop`.
    this.polling.catch(() => {})
  }

  async comeBack(node: number): Promise<void> {
    this.person = this.person.at(node)
  }

  async stop(): Promise<void> {
    this.isStopped = true
    await this.polling
  }

  private async poll(): Promise<void> {
    while (!this.isStopped) {
      const page = await updatesAfter(this.person, this.cursor, this.pageSize)
      this.seen.push(...page.updates)
      this.cursor = page.endCursor
      if (!page.hasMore) await sleep(100)
    }
  }
}
