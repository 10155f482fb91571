const burst = 8
const perSecond = 2

interface Bucket {
  left: number
  at: number
  later: NodeJS.Timeout | null
}

/**
 * Passes on what changes, eight times at once for each key and twice a second after that; what comes in between is passed on
 * together. In a conversation of two nothing is ever late; where fifty people type, their watchers hear of it twice a second.
 */
export class Throttle {
  private readonly buckets = new Map<string, Bucket>()

  constructor(private readonly pass: (key: string) => void) {}

  note(key: string): void {
    const bucket = this.bucketOf(key)
    if (bucket.later) return
    if (bucket.left >= 1) {
      bucket.left -= 1
      this.pass(key)
      this.forgetFull()
      return
    }
    bucket.later = setTimeout(
      () => {
        bucket.later = null
        this.note(key)
      },
      Math.ceil(((1 - bucket.left) / perSecond) * 1000),
    ).unref()
  }

  /** Passes on nothing more. */
  stop(): void {
    for (const { later } of this.buckets.values()) if (later) clearTimeout(later)
    this.buckets.clear()
  }

  private bucketOf(key: string): Bucket {
    const now = performance.now()
    const bucket = this.buckets.get(key) ?? { left: burst, at: now, later: null }
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond)
    bucket.at = now
    // Set anew, so that the map stays in the order in which keys were noted last.
    this.buckets.delete(key)
    this.buckets.set(key, bucket)
    return bucket
  }

  /** Those that were noted so long ago that they would be full again: the map holds what was noted lately, no more. */
  private forgetFull(): void {
    const full = performance.now() - (burst / perSecond) * 1000
    for (const [key, { at, later }] of this.buckets) {
      if (at > full) return
      if (later === null) this.buckets.delete(key)
    }
  }
}
