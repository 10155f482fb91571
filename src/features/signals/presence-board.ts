import type { Log } from '../../platform/log.js'
import type { LastLease, Leases } from '../../platform/pubsub/leases.js'
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
  /** Who came or went since the leases were last settled. */
  private readonly moved = new Set<string>()
  private settling: Promise<void> | null = null
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
    if (count === 0) this.note(userId)
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
    const leases: (LastLease | null)[] = []
    await this.attempt(async () => {
      leases.push(...(await this.leases.last(userIds)))
    })
    return userIds.map((userId, index) => this.connectednessOf(userId, leases[index]))
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

  /** Undefined: nobody knows of their leases. */
  private connectednessOf(userId: string, lease: LastLease | null | undefined): Connectedness | null {
    const isHeld = lease !== null && lease !== undefined && lease.left > 0
    const watched = this.watched.get(userId)
    if (watched && lease) watched.lookAt = Date.now() + (isHeld ? lease.left : offlineLookMilliseconds)
    if (isHeld || this.here.has(userId)) return { isConnected: true, vanishedAt: null }
    if (lease === undefined) return null
    if (lease === null) return { isConnected: false, vanishedAt: null }
    const vanishedAt = new Date(lease.endsAt.getTime() - leaseMilliseconds)
    // Their node was killed and wrote nothing: whoever notices does, and then it need not be noticed again.
    void this.lastSeen.noteAt(userId, vanishedAt).then((isWritten) => {
      if (isWritten) return this.attempt(() => this.leases.forgetLapsed([userId]))
    })
    return { isConnected: false, vanishedAt }
  }

  private async end(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer)
    const userIds = [...this.here.keys()]
    this.here.clear()
    for (const userId of userIds) this.note(userId)
    await this.settling
  }

  private disconnect(userId: string): void {
    const count = this.here.get(userId)
    if (count === undefined) return
    if (count > 1) this.here.set(userId, count - 1)
    else {
      this.here.delete(userId)
      this.note(userId)
    }
  }

  /** This person came or went: who comes and goes together is settled together. */
  private note(userId: string): void {
    this.moved.add(userId)
    this.lastSeen.note(userId)
    this.settling ??= this.settle().finally(() => {
      this.settling = null
    })
  }

  /** Takes and gives back leases, and tells it. The time when they were last seen is written first: whoever is told reads it. */
  private async settle(): Promise<void> {
    while (this.moved.size > 0) {
      await this.lastSeen.flush()
      const userIds = [...this.moved]
      this.moved.clear()
      await this.attempt(() =>
        inParts(
          userIds.filter((userId) => this.here.has(userId)),
          (part) => this.leases.hold(part, this.nodeId, leaseMilliseconds),
        ),
      )
      await this.attempt(() =>
        inParts(
          userIds.filter((userId) => !this.here.has(userId)),
          (part) => this.leases.release(part, this.nodeId),
        ),
      )
      this.announce(userIds)
    }
  }

  private async renew(isAnnounced: boolean): Promise<void> {
    const userIds = [...this.here.keys()]
    await this.attempt(() =>
      inParts(userIds, (part) => this.leases.hold(part, this.nodeId, leaseMilliseconds)),
    )
    // Who left while their lease was being renewed may hold it again.
    for (const userId of userIds) if (!this.here.has(userId)) this.note(userId)
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
