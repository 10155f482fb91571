/** Who wants to know that something changed. */
export class Listeners {
  readonly #listeners = new Set<() => void>()

  /** Calls back at every change until the returned function is called; fits React's useSyncExternalStore. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
