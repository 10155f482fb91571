import type { Person } from './person.js'
import { token } from './world.js'

/** One event of a GraphQL stream over SSE: its name and its data, if it has any. */
export interface SseEvent {
  readonly event: string
  readonly data: unknown
}

/** A subscription over SSE that keeps all it was sent. */
export class SseStream {
  readonly events: SseEvent[] = []
  private readonly reading: Promise<void>
  private over = false

  private constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {
    this.reading = this.read()
  }

  static async open(
    person: Person,
    query: string,
    variables: object = {},
    options: { seconds?: number } = {},
  ): Promise<SseStream> {
    const abort = new AbortController()
    const response = await fetch(person.world.url(person.node), {
      method: 'POST',
      signal: abort.signal,
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${await token(person.externalId, options.seconds)}`,
      },
      body: JSON.stringify({ query, variables }),
    })
    return new SseStream(response, abort)
  }

  get isOver(): boolean {
    return this.over
  }

  /** The data of the `next` events. */
  get results(): unknown[] {
    return this.events.filter(({ event }) => event === 'next').map(({ data }) => data)
  }

  async close(): Promise<void> {
    this.abort.abort()
    await this.reading
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder()
    let text = ''
    try {
      for await (const chunk of this.response.body ?? []) {
        text += decoder.decode(chunk, { stream: true })
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          this.take(text.slice(0, end))
          text = text.slice(end + 2)
        }
      }
    } catch {
      // It was closed from one of the two sides.
    }
    this.over = true
  }

  private take(block: string): void {
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'))
    const fieldOf = (name: string) =>
      lines
        .find((line) => line.startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim()
    const event = fieldOf('event')
    const data = fieldOf('data')
    if (event !== undefined) this.events.push({ event, data: data ? JSON.parse(data) : null })
  }
}
