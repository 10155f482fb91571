import { RateLimitedError } from '../../errors.js'
import { BoundedMap } from '../../platform/bounded-map.js'

const burst = 20
const perSecond = 4
const people = 20_000

interface Bucket {
  readonly left: number
  readonly at: number
}

/**
 * How often somebody may give a signal on this node: twenty at once, then four a second. A client that keeps to
 * typingResendSeconds never meets it; one that says every keystroke does.
 */
export class Pace {
  private readonly buckets = new BoundedMap<string, Bucket>(people)

  /** Counts one signal. Throws RateLimitedError. */
  check(userId: string): void {
    const now = performance.now()
    const before = this.buckets.get(userId)
    const left = before ? Math.min(burst, before.left + ((now - before.at) / 1000) * perSecond) : burst
    if (left < 1) throw new RateLimitedError((1 - left) / perSecond)
    this.buckets.set(userId, { left: left - 1, at: now })
  }
}
