import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Operation } from './operations.js'

/** The server said no; with `retryAfterSeconds` it says when to ask again. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    detail: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(`${code}: ${detail}`)
  }
}

const refused = z.object({ code: z.string(), detail: z.string() })
const extensions = z.object({ code: z.string().default('ERROR'), retryAfterSeconds: z.number().optional() })
const error = z.object({ message: z.string(), extensions: extensions.default({ code: 'ERROR' }) })
const reply = z.object({
  data: z.object({ result: z.unknown() }).nullish(),
  errors: z.array(error).optional(),
})

const secondsWhenLimited = 1

/** What the operation gave; throws Refused for errors and for the error members of a result union. */
export function resultOf<Result>(operation: Operation<Result>, from: unknown): Result {
  const { data, errors } = reply.parse(from)
  const [first] = errors ?? []
  if (first) throw new Refused(first.extensions.code, first.message, first.extensions.retryAfterSeconds)
  const refusal = refused.safeParse(data?.result)
  if (refusal.success) {
    const { code, detail } = refusal.data
    throw new Refused(code, detail, code === 'RATE_LIMITED' ? secondsWhenLimited : undefined)
  }
  return operation.result.parse(data?.result)
}

const mostWaits = 100

/** A Parley reached over HTTP. */
export class Client {
  /** How often something had to be asked again. */
  waits = 0
  #hasAnswered = false

  constructor(readonly url: string) {}

  /** Asked again when a server that has answered before is away: whatever the replay asks may be done twice. */
  async request<Result>(token: string, operation: Operation<Result>, variables: object): Promise<Result> {
    return await this.patiently(async () => {
      const response = await this.#post(token, JSON.stringify({ query: operation.query, variables }))
      this.#hasAnswered = true
      return resultOf(operation, await response.json())
    })
  }

  /** Asks again whenever the server says after which time to. */
  async patiently<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (let waited = 0; ; waited++) {
      try {
        return await attempt()
      } catch (error) {
        const seconds = error instanceof Refused ? error.retryAfterSeconds : undefined
        if (seconds === undefined || waited >= mostWaits) throw error
        this.waits++
        await delay(seconds * 1000)
      }
    }
  }

  async #post(token: string, body: string): Promise<Response> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    try {
      return await fetch(this.url, { method: 'POST', headers, body, signal: AbortSignal.timeout(30_000) })
    } catch {
      throw new Refused('UNREACHABLE', `${this.url} does not answer`, this.#hasAnswered ? 0.5 : undefined)
    }
  }
}
