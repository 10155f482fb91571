import type { Ticket } from '../features/context.js'

interface Waiting {
  isReleased: boolean
  wake: (() => void) | null
}

/**
 * Keeps the sends of one connection in the order in which they came in. A ticket is drawn when a frame arrives, before
 * anything asynchronous; who holds it passes once everything before it has passed or ended.
 */
export class Turnstile {
  private readonly line: Waiting[] = []

  draw(): Ticket {
    const waiting: Waiting = { isReleased: false, wake: null }
    this.line.push(waiting)
    return {
      arrive: () =>
        this.line[0] === waiting || waiting.isReleased
          ? Promise.resolve()
          : new Promise((resolve) => {
              waiting.wake = resolve
            }),
      release: () => {
        if (waiting.isReleased) return
        waiting.isReleased = true
        this.advance()
      },
    }
  }

  private advance(): void {
    while (this.line[0]?.isReleased) this.line.shift()
    this.line[0]?.wake?.()
  }
}
