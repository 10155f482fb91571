import { Ended, Refusal, Unreachable } from './errors.js'

const retryable = new Set(['SERVICE_UNAVAILABLE', 'RATE_LIMITED', 'UNAUTHENTICATED'])
/** Who is to wait longer is told so: what is said after it must not wait along. */
const longestPauseSeconds = 60

/** How long to wait after the nth failure: from a quarter of a second up to half a minute, never all clients at once. */
export function backoff(attempt: number): number {
  const longest = Math.min(30_000, 500 * 2 ** attempt)
  return longest / 2 + (Math.random() * longest) / 2
}

/** Waits between attempts. All of a client's waits are one, so that `wake` (the network is back) ends them together. */
export class Patience {
  readonly #wakes = new Set<() => void>()
  #isOver = false

  constructor(private readonly milliseconds: (attempt: number) => number = backoff) {}

  async wait(attempt: number, atLeast = 0): Promise<void> {
    if (this.#isOver) return
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#wakes.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, Math.max(atLeast, this.milliseconds(attempt)))
      this.#wakes.add(wake)
    })
  }

  /** Ends all waits. Call it from `window.addEventListener('online', …)` and when the app comes to the front. */
  wake(): void {
    for (const wake of this.#wakes) wake()
  }

  /** Nothing is tried any more: what waits ends at once, `until` with Ended. */
  end(): void {
    this.#isOver = true
    this.wake()
  }

  /** Tries until it succeeds, or fails in a way that another attempt would not mend. */
  async until<T>(attempt: () => Promise<T>, mayHelpWith = mayHelp): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await attempt()
      } catch (error) {
        if (!mayHelpWith(error)) throw error
        const seconds = error instanceof Refusal ? error.retryAfterSeconds : 0
        await this.wait(failures, seconds * 1000)
        if (this.#isOver) throw new Ended('The session is over.')
      }
    }
  }
}

/** Whether asking again may help. A refusal would be the same again, a fault of the program too. */
export function mayHelp(error: unknown): boolean {
  if (error instanceof Unreachable) return true
  return (
    error instanceof Refusal && retryable.has(error.code) && error.retryAfterSeconds <= longestPauseSeconds
  )
}

/** The same for what only reads, and has to come in the end: a fault of the server may be over the next time. */
export function mayHelpReading(error: unknown): boolean {
  return mayHelp(error) || (error instanceof Refusal && error.code === 'INTERNAL')
}
