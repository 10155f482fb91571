import type { Database } from '../../platform/db/database.js'
import { groupBy } from '../../platform/group-by.js'
import type { Log } from '../../platform/log.js'
import type { Metrics } from '../../platform/metrics/metrics.js'
import type { Bus } from '../../platform/pubsub/pubsub.js'
import type { Actor } from '../context.js'
import { Follower } from './follower.js'
import { readHeads, readRows, type StreamHead, type UpdateRow } from './rows.js'

const sweepMilliseconds = 1000
const rowsPerRead = 200
const peoplePerSweep = 5000

/** Called when a person was deactivated or their role changed (revoked), or the node takes leave of its streams. */
export type Ended = (reason: 'revoked' | 'stopping') => void

/** A person with connections to this node. */
interface Person {
  readonly userId: string
  readonly role: string
  /** Rows up to here were handed to the followers that are live. */
  head: number
  at: Date
  /** The highest position that a hint or the sweep told of. */
  known: number
  readonly followers: Set<Follower>
  readonly watchers: Set<Ended>
}

/** Reads what belongs to these rows (their messages), once for all the people of this node. */
export type Enrich = (rows: readonly UpdateRow[]) => Promise<void>

/**
 * What a node knows of the streams of the people connected to it. Hints say which streams moved, and the rows of all of
 * them are read with one statement; about once a second the sweep asks for the heads of all, and so finds what hints
 * did not tell. Hints are an optimisation: everything is right without them, a second later.
 */
export class StreamHub implements AsyncDisposable {
  private readonly people = new Map<string, Person>()
  private readonly moved = new Set<string>()
  private isReading = false
  private isStopped = false
  private isAway = false
  private sweeping: NodeJS.Timeout | null = null

  constructor(
    private readonly db: Database,
    private readonly log: Log,
    private readonly enrich: Enrich,
    private readonly metrics: Metrics,
  ) {}

  /** How many people are connected to this node. */
  get size(): number {
    return this.people.size
  }

  /** Listens to the hints of all nodes, and starts the sweep. */
  start(bus: Bus): void {
    bus.subscribe('hints', (heads) => {
      for (const [userId, position] of heads) this.note(userId, position)
      void this.flush()
    })
    bus.subscribe('people', ({ userId }) => {
      if (this.people.has(userId)) void this.look([userId])
    })
    this.scheduleSweep()
  }

  /** Follows a person's stream. Register first, read the backlog second: then no row falls in between. */
  follow(actor: Actor): {
    readonly follower: Follower
    readonly known: () => number
    readonly stop: () => void
  } {
    const person = this.personOf(actor)
    const follower = new Follower()
    const ended: Ended = (reason) => follower.finish(reason)
    if (this.isStopped) ended('stopping')
    person.followers.add(follower)
    person.watchers.add(ended)
    return {
      follower,
      known: () => person.known,
      stop: () => {
        person.followers.delete(follower)
        this.leave(actor.id, person, ended)
      },
    }
  }

  /** Watches whether a person stays who they are, and this node in service; returns how to stop watching. */
  watch(actor: Actor, ended: Ended): () => void {
    const person = this.personOf(actor)
    if (this.isStopped) ended('stopping')
    person.watchers.add(ended)
    return () => this.leave(actor.id, person, ended)
  }

  /** Ends every stream of this node: its owners come back elsewhere with their cursors. */
  endStreams(): void {
    this.isStopped = true
    for (const person of this.people.values()) tell(person, 'stopping')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.endStreams()
    if (this.sweeping) clearTimeout(this.sweeping)
  }

  private personOf(actor: Actor): Person {
    const known = this.people.get(actor.id)
    if (known?.role === actor.role) return known
    // Who came in under another role than those before: one of the two is out of date, and they come back as they are.
    if (known) tell(known, 'revoked')
    const person: Person = {
      userId: actor.id,
      role: actor.role,
      head: 0,
      at: new Date(0),
      known: 0,
      followers: new Set(),
      watchers: new Set(),
    }
    this.people.set(actor.id, person)
    return person
  }

  private leave(userId: string, person: Person, ended: Ended): void {
    person.watchers.delete(ended)
    if (person.watchers.size === 0 && this.people.get(userId) === person) this.people.delete(userId)
  }

  private note(userId: string, position: number): void {
    const person = this.people.get(userId)
    if (!person || position <= person.known) return
    person.known = position
    this.moved.add(userId)
  }

  /** Reads the rows of all moved streams together; one read at a time, what moves meanwhile goes into the next. */
  private async flush(): Promise<void> {
    if (this.isReading) return
    this.isReading = true
    try {
      while (this.moved.size > 0 && !this.isStopped) await this.readMoved()
    } finally {
      this.isReading = false
    }
  }

  private async readMoved(): Promise<void> {
    const behind: Person[] = []
    for (const userId of this.moved) {
      const person = this.people.get(userId)
      if (!person) continue
      const live = [...person.followers].filter((follower) => follower.live)
      for (const follower of person.followers) if (!follower.live) follower.lag()
      if (live.length === 0) continue
      // Whoever went live on what it had read itself stands further than what was handed out so far.
      const first = live.reduce((least, follower) => (follower.tail < least.tail ? follower : least))
      if (first.tail > person.head) {
        person.head = first.tail
        person.at = first.at
      }
      if (person.known > person.head) behind.push(person)
    }
    this.moved.clear()
    if (behind.length === 0) return
    try {
      const rows = await readRows(
        this.db,
        behind.map(({ userId, head, at }) => ({ userId, position: head, at })),
        rowsPerRead,
      )
      await this.enrich(rows)
      const byPerson = groupBy(rows, (row) => row.userId)
      for (const person of behind) this.handOut(person, byPerson.get(person.userId) ?? [])
    } catch (error) {
      this.log.warn({ error }, 'the rows of a hint could not be read')
      for (const person of behind) for (const follower of person.followers) follower.lag()
    }
  }

  private handOut(person: Person, rows: readonly UpdateRow[]): void {
    const last = rows.at(-1)
    for (const follower of person.followers) {
      if (!last || rows[0]?.position !== person.head + 1) follower.lag()
      else if (follower.live) follower.offer(rows)
    }
    if (!last) {
      // Nothing lies there: the hint was wrong, or it is of another epoch, which the sweep will find.
      person.known = person.head
      return
    }
    person.head = last.position
    person.at = last.at
    if (last.position < person.known) this.moved.add(person.userId)
  }

  private scheduleSweep(): void {
    if (this.isStopped) return
    this.sweeping = setTimeout(() => {
      void this.sweep().finally(() => this.scheduleSweep())
    }, sweepMilliseconds)
    this.sweeping.unref()
  }

  private async sweep(): Promise<void> {
    const userIds = [...this.people.keys()]
    for (let from = 0; from < userIds.length; from += peoplePerSweep)
      await this.look(userIds.slice(from, from + peoplePerSweep))
  }

  /** Compares what this node knows of these people with the database. */
  private async look(userIds: readonly string[]): Promise<void> {
    try {
      // Hints may overtake the answer, so it is compared with what was known when the question was asked.
      const formerHeads = new Map(userIds.map((userId) => [userId, this.people.get(userId)?.head ?? 0]))
      for (const head of await readHeads(this.db, userIds))
        this.compare(head, formerHeads.get(head.userId) ?? 0)
      this.isAway = false
    } catch (error) {
      if (!this.isAway) this.log.warn({ error }, 'the sweep could not ask the database')
      this.isAway = true
    }
    void this.flush()
  }

  private compare(head: StreamHead, formerHead: number): void {
    const person = this.people.get(head.userId)
    if (!person) return
    if (!head.isActive || head.role !== person.role) {
      tell(person, 'revoked')
      return
    }
    const wentBack = head.position < formerHead
    const left = [...person.followers].filter(
      ({ epoch }) => wentBack || (epoch !== null && epoch < head.epoch),
    )
    if (wentBack || left.length > 0) {
      person.head = head.position
      person.known = head.position
      person.at = head.at
      for (const follower of left) follower.resetTo(head, 'EPOCH_CHANGED')
    } else {
      // Of who came just now nothing was known yet.
      if (person.known > 0 && head.position > person.known) this.metrics.sweepFinds()
      this.note(head.userId, head.position)
    }
  }
}

/** Whoever is told may leave at once. */
function tell(person: Person, reason: Parameters<Ended>[0]): void {
  for (const ended of [...person.watchers]) ended(reason)
}
