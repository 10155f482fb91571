import type { Client } from 'graphql-ws'

/** An Update as the shared document selects it. */
export interface UpdateShape {
  readonly cursor: string
  readonly at: string
  readonly conversationUnreadCount: number | null
  readonly viewerUnreadCount: number
  readonly conversation: { readonly id: string } | null
  readonly change: ({ readonly __typename: string } & Record<string, unknown>) | null
}

/** A subscription to `updates` that keeps all it was sent, so that nothing is missed however late one looks. */
export class Stream {
  readonly all: UpdateShape[] = []
  readonly errors: unknown[] = []
  private isOver = false
  private wakes: (() => void)[] = []
  private readonly stop: () => void

  constructor(
    readonly client: Client,
    after: string | null,
    query: string,
  ) {
    this.stop = client.subscribe<{ updates: UpdateShape }>(
      { query, variables: { after } },
      {
        next: ({ data, errors }) => {
          if (errors) this.errors.push(...errors)
          if (data?.updates) this.all.push(data.updates)
          this.wake()
        },
        error: (error) => {
          this.errors.push(error)
          this.isOver = true
          this.wake()
        },
        complete: () => {
          this.isOver = true
          this.wake()
        },
      },
    )
  }

  /** What is durable: without CaughtUp. */
  get updates(): UpdateShape[] {
    return this.all.filter((update) => update.change?.__typename !== 'CaughtUp')
  }

  get lastCursor(): string | undefined {
    return this.all.at(-1)?.cursor
  }

  get over(): boolean {
    return this.isOver
  }

  /** Waits until the condition holds of what has come so far; fails after 10 s with what there is. */
  async until(
    condition: (updates: readonly UpdateShape[]) => boolean,
    what = 'updates',
    milliseconds = 10_000,
  ): Promise<void> {
    const deadline = Date.now() + milliseconds
    while (!condition(this.all)) {
      if (Date.now() > deadline) {
        throw new Error(
          `waited for ${what}; there is ${JSON.stringify(this.all.map((update) => update.change))} ${JSON.stringify(this.errors)}`,
        )
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 250)
        this.wakes.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** Waits for the end of the backlog: from then on nothing is missed. */
  caughtUp(): Promise<void> {
    return this.until(
      (updates) => updates.some((update) => update.change?.__typename === 'CaughtUp'),
      'CaughtUp',
    )
  }

  /** Waits for a change of this type, the nth. */
  async change(type: string, count = 1): Promise<Record<string, unknown>> {
    await this.until(
      (updates) => updates.filter((update) => update.change?.__typename === type).length >= count,
      `${count} ${type}`,
    )
    return this.all.filter((update) => update.change?.__typename === type)[count - 1]?.change ?? {}
  }

  /** Waits for the stream's end. */
  ended(): Promise<void> {
    return this.until(() => this.isOver, 'the end')
  }

  async close(): Promise<void> {
    this.stop()
    await this.client.dispose()
  }

  private wake(): void {
    for (const wake of this.wakes.splice(0)) wake()
  }
}
