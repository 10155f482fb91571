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

/** Where signals come from. Keys are ids of what may have changed. */
export interface SignalSource<Signal> {
  /** Calls back with what may have changed; returns how to stop. */
  readonly watch: (changed: (key: string) => void) => () => void
  /** Reads these as of now. Null: there is nothing that may be told; left out: nobody knows now. */
  readonly read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Signal | null>>
  /** What to say of a key of which something was told before, and nothing may be told any more. */
  readonly gone: (key: string) => Signal
}

/**
 * Follows a source from its first keys on. Nothing queues up: a slow client finds the latest state of each key, and what
 * changed after it was read is read anew. Ends like an update stream does: at once when returned or when the client has gone,
 * silently when the node stops, with a failure when the token expires or the account changes. Never throws.
 */
export class SignalStream<Signal> implements AsyncIterableIterator<SignalEvent<Signal>> {
  private readonly changed: Set<string>
  private readonly ready = new Map<string, Signal | null>()
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
      source.watch((key) => {
        this.changed.add(key)
        this.ready.delete(key)
        this.wake?.()
      }),
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

  /** The next that differs from what was told before. */
  private take(): Signal | null {
    for (const [key, signal] of this.ready) {
      this.ready.delete(key)
      const text = signal === null ? undefined : JSON.stringify(signal)
      if (this.told.get(key) === text) continue
      if (text === undefined) this.told.delete(key)
      else this.told.set(key, text)
      return signal ?? this.source.gone(key)
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
