/** Lets at most `limit` in at once; the others wait in line. */
export class Semaphore {
  private inside = 0
  private readonly line: (() => void)[] = []

  constructor(private readonly limit: number) {}

  async enter(): Promise<void> {
    if (this.inside >= this.limit) await new Promise<void>((resolve) => this.line.push(resolve))
    else this.inside += 1
  }

  /** The place goes to whoever waits longest. */
  leave(): void {
    const next = this.line.shift()
    if (next) next()
    else this.inside -= 1
  }
}
