import type { Log } from '../../platform/log.js'
import type { Leases } from '../../platform/pubsub/leases.js'
import type { Bus } from '../../platform/pubsub/pubsub.js'
import type { LastSeen } from './last-seen.js'

/** Within which somebody who is gone without a word is known to be gone. */
export const presenceTimeoutSeconds = 30

// A lease, the second between two looks, and the reading of it stay within presenceTimeoutSeconds; three renewals may fail.
const leaseMilliseconds = 25_000
const renewMilliseconds = 6000
const lookMilliseconds = 1000
/** How soon somebody who is offline is looked after again, in case a hint was lost. */
const offlineLookMilliseconds = 10_000
const peoplePerCommand = 500

/** Whether somebody is connected anywhere, and if they vanished from a node that was killed, when. */
export interface Connectedness {
  readonly isConnected: boolean
  readonly vanishedAt: Date | null
}

interface Watched {
  readonly watchers: Set<(userId: string) => void>
  lookAt: number
}

/**
 * Who is connected. Each node holds a lease for every person connected to it, and renews it; the leases of a node that is killed
 * run out. Nobody is left to announce that, so a node that watches somebody looks again when the lease it has seen would run
 * out. Everything else is announced by a hint.
 */
export class PresenceBoard implements AsyncDisposable {
  private readonly here = new Map<string, number>()
  private readonly watched = new Map<string, Watched>()
  private readonly timers: NodeJS.Timeout[]
  private ending: Promise<void> | null = null

  constructor(
    private readonly bus: Bus,
    private readonly leases: Leases,
    private readonly lastSeen: LastSeen,
    private readonly log: Log,
    private readonly nodeId: string,
  ) {
    bus.subscribe('presence', ({ userIds }) => this.mark(userIds))
    leases.onForgotten(() => void this.renew(true))
    this.timers = [
      setInterval(() => void this.renew(false), renewMilliseconds).unref(),
      setInterval(() => this.look(), lookMilliseconds).unref(),
    ]
  }

  /** A connection of this person begins; returns what ends it, once. */
  connect(userId: string): () => void {
    const count = this.here.get(userId) ?? 0
    this.here.set(userId, count + 1)
    if (count === 0) {
      this.lastSeen.note(userId)
      void this.attempt(() => this.leases.hold([userId], this.nodeId, leaseMilliseconds)).then(() =>
        this.announce([userId]),
      )
    }
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.disconnect(userId)
    }
  }

  /** Tells every node that these people, or who may see them, have changed. */
  announce(userIds: readonly string[]): void {
    if (userIds.length > 0) this.bus.publish('presence', { userIds })
  }

  /** In the order asked; null for those of whom nothing can be known now, since the store is away. */
  async connectedness(userIds: readonly string[]): Promise<(Connectedness | null)[]> {
    const remaining: (number | null)[] = []
    await this.attempt(async () => {
      remaining.push(...(await this.leases.remaining(userIds)))
    })
    return userIds.map((userId, index) => this.connectednessOf(userId, remaining[index]))
  }

  /** Calls back whenever this person may have changed; returns how to stop. */
  watch(userId: string, changed: (userId: string) => void): () => void {
    const watched = this.watched.get(userId) ?? {
      watchers: new Set(),
      lookAt: Date.now() + offlineLookMilliseconds,
    }
    this.watched.set(userId, watched)
    watched.watchers.add(changed)
    return () => {
      watched.watchers.delete(changed)
      if (watched.watchers.size === 0 && this.watched.get(userId) === watched) this.watched.delete(userId)
    }
  }

  /** Gives all leases back, and tells it: who comes back elsewhere is there again at once. */
  [Symbol.asyncDispose](): Promise<void> {
    this.ending ??= this.end()
    return this.ending
  }

  /** `left`: what is left of their leases, in milliseconds. Undefined: nobody knows. */
  private connectednessOf(userId: string, left: number | null | undefined): Connectedness | null {
    const isConnected = this.here.has(userId) || (left !== null && left !== undefined && left > 0)
    const watched = this.watched.get(userId)
    if (watched && left) watched.lookAt = Date.now() + (left > 0 ? left : offlineLookMilliseconds)
    if (isConnected) return { isConnected, vanishedAt: null }
    if (left === undefined) return null
    return { isConnected, vanishedAt: left === null ? null : new Date(Date.now() + left - leaseMilliseconds) }
  }

  private async end(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer)
    const userIds = [...this.here.keys()]
    this.here.clear()
    for (const userId of userIds) this.lastSeen.note(userId)
    await this.lastSeen.flush()
    await this.attempt(() => inParts(userIds, (part) => this.leases.release(part, this.nodeId)))
    this.announce(userIds)
  }

  private disconnect(userId: string): void {
    const count = this.here.get(userId)
    if (count === undefined) return
    if (count > 1) {
      this.here.set(userId, count - 1)
      return
    }
    this.here.delete(userId)
    this.lastSeen.note(userId)
    // Whoever is told reads the time from the database: so it stands there first.
    void this.attempt(async () => {
      await this.lastSeen.flush()
      if (!this.here.has(userId)) await this.leases.release([userId], this.nodeId)
    }).then(() => this.announce([userId]))
  }

  private async renew(isAnnounced: boolean): Promise<void> {
    const userIds = [...this.here.keys()]
    await this.attempt(() =>
      inParts(userIds, (part) => this.leases.hold(part, this.nodeId, leaseMilliseconds)),
    )
    // Who left while the lease was being renewed has it no more.
    const left = userIds.filter((userId) => !this.here.has(userId))
    if (left.length > 0) await this.attempt(() => this.leases.release(left, this.nodeId))
    if (isAnnounced) this.announce(userIds)
  }

  /** Those whose lease may have run out, and those of whom nothing was heard for a while. */
  private look(): void {
    const now = Date.now()
    const due: string[] = []
    for (const [userId, { lookAt }] of this.watched) if (lookAt <= now) due.push(userId)
    this.mark(due)
  }

  private mark(userIds: readonly string[]): void {
    for (const userId of userIds) {
      const watched = this.watched.get(userId)
      if (!watched) continue
      // Until the watchers have asked, and learnt when to look next.
      watched.lookAt = Date.now() + offlineLookMilliseconds
      for (const changed of [...watched.watchers]) changed(userId)
    }
  }

  /** A signal that fails is lost, and no more. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.log.debug({ error }, 'the leases are out of reach')
    }
  }
}

async function inParts(
  all: readonly string[],
  work: (part: readonly string[]) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < all.length; from += peoplePerCommand)
    await work(all.slice(from, from + peoplePerCommand))
}
