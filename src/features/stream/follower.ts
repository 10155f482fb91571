import type { StreamPlace } from './cursor.js'
import type { ResetReason } from './resets.js'
import type { StreamHead, UpdateRow } from './rows.js'

const bufferLimit = 128

/** Why a stream ends from the server's side. */
export type EndReason = 'closed' | 'revoked' | 'expired' | 'stopping'

interface Reset {
  readonly kind: 'reset'
  readonly head: StreamHead
  readonly reason: ResetReason
}

/** What a follower meets next. */
export type Step =
  | { readonly kind: 'row'; readonly row: UpdateRow }
  | { readonly kind: 'lagging' }
  | { readonly kind: 'idle' }
  | Reset
  | { readonly kind: 'ended'; readonly reason: EndReason }

/**
 * One subscription's cursor in its person's stream. While it keeps up, the hub hands it rows; when it does not (a gap,
 * a full buffer, a slow socket) it is lagging and reads on from where it stands. Memory is bounded either way.
 */
export class Follower {
  private buffer: UpdateRow[] = []
  private wake: (() => void) | null = null
  private isLive = false
  private end: EndReason | null = null
  private reset: Reset | null = null
  private epochOfPlace: number | null = null
  position = 0
  at = new Date(0)

  /** Puts the cursor after this place, with everything behind it still to be read. */
  startAfter(place: StreamPlace): void {
    this.epochOfPlace = place.epoch
    this.position = place.position
    this.at = place.at
    this.buffer = []
    this.isLive = false
  }

  /** Of the cursor; null until there is one. */
  get epoch(): number | null {
    return this.epochOfPlace
  }

  /** The position up to which rows are held or processed. */
  get tail(): number {
    return this.buffer.at(-1)?.position ?? this.position
  }

  get live(): boolean {
    return this.isLive
  }

  /** Rows that this follower read for itself, or the hub for it; what it has already is dropped, a gap makes it lag. */
  offer(rows: readonly UpdateRow[]): void {
    for (const row of rows) {
      if (row.position <= this.tail) continue
      if (row.position !== this.tail + 1 || this.buffer.length >= bufferLimit) {
        this.isLive = false
        this.notify()
        return
      }
      this.buffer.push(row)
    }
    if (this.buffer.length > 0) this.notify()
  }

  /** Everything known is held: from now on the hub's rows connect. */
  goLive(): void {
    this.isLive = true
  }

  /** Something was missed: the follower reads for itself. */
  lag(): void {
    this.isLive = false
    this.notify()
  }

  /** What came next is gone (trimmed, or of another epoch): the stream goes on from this head. */
  resetTo(head: StreamHead, reason: ResetReason): void {
    this.reset = { kind: 'reset', head, reason }
    this.notify()
  }

  finish(reason: EndReason): void {
    this.end ??= reason
    this.notify()
  }

  /** The next step; waits at most `idleMilliseconds` while there is nothing. One caller at a time. */
  async next(idleMilliseconds: number): Promise<Step> {
    const step = this.take()
    if (step) return step
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, idleMilliseconds)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.wake = null
    return this.take() ?? { kind: 'idle' }
  }

  private take(): Step | null {
    if (this.end) return { kind: 'ended', reason: this.end }
    if (this.reset) {
      const { reset } = this
      this.reset = null
      this.startAfter(reset.head)
      return reset
    }
    const row = this.buffer.shift()
    if (row) {
      this.position = row.position
      this.at = row.at
      return { kind: 'row', row }
    }
    return this.isLive ? null : { kind: 'lagging' }
  }

  private notify(): void {
    this.wake?.()
  }
}
