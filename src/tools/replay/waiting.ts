/** Waits for something to become so; looks whenever it is told that something changed. */
export class Waiting {
  readonly #looks = new Set<() => void>()

  constructor(readonly patienceMs: number) {}

  changed(): void {
    for (const look of this.#looks) look()
  }

  /** Throws when `isSo` throws, and when it takes too long. */
  until(isSo: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer)
        this.#looks.delete(look)
        end()
      }
      const look = () => {
        try {
          if (isSo()) settle(resolve)
        } catch (error) {
          settle(() => reject(error))
        }
      }
      const tooLate = new Error(`waited ${this.patienceMs / 1000} s for ${what}, in vain`)
      const timer = setTimeout(() => settle(() => reject(tooLate)), this.patienceMs)
      this.#looks.add(look)
      look()
    })
  }
}
