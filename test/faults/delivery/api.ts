import { z } from 'zod'
import { token } from '../../support/world.js'
import type { Ground } from './ground.js'

/** A client gives up waiting and asks again: the outcome is then unknown. */
const patienceMilliseconds = 3000

const answer = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }).optional() })).optional(),
})

/** What became of an operation: its data; an error's code; or nothing that came back. */
export type Outcome =
  | { readonly kind: 'data'; readonly data: Record<string, unknown> }
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'unknown' }

/** Somebody's way to the nodes: over HTTP. */
export class Api {
  private readonly tokens = new Map<string, Promise<string>>()

  /** Through the proxies in front of the nodes, or past them: for what a fault itself asks for. */
  constructor(
    private readonly ground: Ground,
    private readonly way: 'through the proxies' | 'past the proxies' = 'through the proxies',
  ) {}

  get nodeCount(): number {
    return this.ground.nodes.length
  }

  url(node: number): string {
    const { around, port } = this.ground.node(node)
    return `http://127.0.0.1:${this.way === 'past the proxies' ? port : around.front.port}/graphql`
  }

  authorization(subject: string): Promise<string> {
    let known = this.tokens.get(subject)
    if (!known) {
      known = token(subject).then((value) => `Bearer ${value}`)
      this.tokens.set(subject, known)
    }
    return known
  }

  /** One operation at one node; never throws for what happens on the way. */
  async ask(subject: string, node: number, query: string, variables: object = {}): Promise<Outcome> {
    let text: string
    try {
      const response = await fetch(this.url(node), {
        method: 'POST',
        signal: AbortSignal.timeout(patienceMilliseconds),
        headers: {
          'content-type': 'application/json',
          authorization: await this.authorization(subject),
        },
        body: JSON.stringify({ query, variables }),
      })
      text = await response.text()
    } catch {
      return { kind: 'unknown' }
    }
    const parsed = answer.parse(JSON.parse(text))
    const [error] = parsed.errors ?? []
    if (error) return { kind: 'code', code: error.extensions?.code ?? 'without a code' }
    if (!parsed.data) return { kind: 'code', code: 'without data' }
    for (const value of Object.values(parsed.data)) {
      if (typeof value === 'object' && value !== null && 'code' in value)
        return { kind: 'code', code: String(value.code) }
    }
    return { kind: 'data', data: parsed.data }
  }

  /** One operation that must succeed while nothing is disturbed; where it is still slow, again on another node. */
  async must<T>(schema: z.ZodType<T>, subject: string, query: string, variables: object = {}): Promise<T> {
    let last: Outcome = { kind: 'unknown' }
    for (let attempt = 0; attempt < 5; attempt++) {
      last = await this.ask(subject, attempt % this.nodeCount, query, variables)
      if (last.kind === 'data') return schema.parse(last.data)
      if (last.kind === 'code' && last.code !== 'SERVICE_UNAVAILABLE') break
    }
    throw new Error(`refused: ${JSON.stringify(last)}`)
  }
}
