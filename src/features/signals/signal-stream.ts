import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceUnavailableError, UnauthenticatedError } from '../../errors.js'
import type { StreamContext } from '../stream/subscribe.js'

const retryMilliseconds = 1000
// setTimeout fires at once for more.
const longestTimer = 2 ** 31 - 1

/** What a watcher meets next: a signal, or why there are no more. */
export type SignalEvent<Signal> =
  | { readonly kind: 'signal'; readonly signal: Signal }
  | { readonly kind: 'failed'; readonly error: unknown }

/** What was read of a key. */
export interface Reading<Signal> {
  readonly signal: Signal
  /** Equal where there is nothing new to tell. */
  readonly text: string
  /** Told only to whom something else was told of this key before. */
  readonly isNothing?: boolean
  /** Told only to whom nothing was told of this key yet. */
  readonly isGuess?: boolean
}

/** Where signals come from. Keys are ids of what may have changed. */
export interface SignalSource<Signal> {
  /** Calls back with what may have changed; `hasTold`: whether the watcher was told something of a key. Returns how to stop. */
  readonly watch: (changed: (key: string) => void, hasTold: (key: string) => boolean) => () => void
  /** Reads these as of now; what may not be told at all is left out. */
  readonly read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Reading<Signal>>>
}

/**
 * Follows a source from its first keys on. Nothing queues up: a slow client finds the latest state of each key, and what
 * changed after it was read is read anew. Ends like an update stream does: at once when returned or when the client has gone,
 * silently when the node stops, with a failure when the token expires or the account changes. Never throws.
 */
export class SignalStream<Signal> implements AsyncIterableIterator<SignalEvent<Signal>> {
  private readonly changed: Set<string>
  private readonly ready = new Map<string, Reading<Signal>>()
  /** What was last told of each key, as text. */
  private readonly told = new Map<string, string>()
  private end: 'closed' | 'expired' | 'revoked' | 'stopping' | 'failed' | null = null
  private wake: (() => void) | null = null
  private readonly ends: (() => void)[] = []

  constructor(
    ctx: StreamContext,
    first: readonly string[],
    private readonly source: SignalSource<Signal>,
  ) {
    this.changed = new Set(first)
    this.ends.push(
      source.watch(
        (key) => {
          this.changed.add(key)
          this.ready.delete(key)
          this.wake?.()
        },
        (key) => this.told.has(key),
      ),
      ctx.hub.watch(ctx.viewer, (reason) => this.finish(reason)),
    )
    if (ctx.streamsEndAt) {
      const left = Math.min(Math.max(ctx.streamsEndAt.getTime() - Date.now(), 0), longestTimer)
      const expiry = setTimeout(() => this.finish('expired'), left).unref()
      this.ends.push(() => clearTimeout(expiry))
    }
    const gone = () => this.finish('closed')
    ctx.gone?.addEventListener('abort', gone, { once: true })
    this.ends.push(() => ctx.gone?.removeEventListener('abort', gone))
    if (ctx.gone?.aborted) gone()
    // Ended before all of this could be taken back.
    if (this.end !== null) this.release()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<SignalEvent<Signal>, undefined>> {
    try {
      for (;;) {
        if (this.end === 'expired' || this.end === 'revoked')
          throw new UnauthenticatedError('Sign in again.', true)
        if (this.end !== null) return { done: true, value: undefined }
        const signal = this.take()
        if (signal) return { done: false, value: { kind: 'signal', signal } }
        if (this.changed.size > 0) await this.read()
        else await this.waitForChange()
      }
    } catch (error) {
      this.finish('failed')
      this.end = 'failed'
      return { done: false, value: { kind: 'failed', error } }
    }
  }

  async return(): Promise<IteratorResult<SignalEvent<Signal>, undefined>> {
    this.finish('closed')
    return { done: true, value: undefined }
  }

  /** The next that is news. */
  private take(): Signal | null {
    for (const [key, { signal, text, isNothing = false, isGuess = false }] of this.ready) {
      this.ready.delete(key)
      const before = this.told.get(key)
      if (before === undefined ? isNothing : isGuess || before === text) continue
      if (isNothing) this.told.delete(key)
      else this.told.set(key, text)
      return signal
    }
    return null
  }

  private async read(): Promise<void> {
    const keys = [...this.changed]
    this.changed.clear()
    try {
      const found = await this.source.read(keys)
      for (const [key, signal] of found) if (!this.changed.has(key)) this.ready.set(key, signal)
    } catch (error) {
      if (!(error instanceof ServiceUnavailableError)) throw error
      for (const key of keys) this.changed.add(key)
      await sleep(retryMilliseconds)
    }
  }

  private async waitForChange(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve
    })
    this.wake = null
  }

  private finish(reason: NonNullable<typeof this.end>): void {
    this.end ??= reason
    this.release()
    this.wake?.()
  }

  private release(): void {
    for (const end of this.ends.splice(0)) end()
  }
}
