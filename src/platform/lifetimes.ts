/** Ends things in the reverse order of their beginning. (AsyncDisposableStack, which Node 20 lacks.) */
export class Lifetimes implements AsyncDisposable {
  private readonly ends: (() => PromiseLike<void> | void)[] = []

  use<T extends AsyncDisposable>(resource: T): T {
    this.ends.push(() => resource[Symbol.asyncDispose]())
    return resource
  }

  defer(end: () => PromiseLike<void> | void): void {
    this.ends.push(end)
  }

  /** Goes on past failures, and throws the first one at the end. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = []
    for (let end = this.ends.pop(); end; end = this.ends.pop()) {
      try {
        await end()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
