import { Unreachable } from './errors.js'
import type { Patience } from './patience.js'

/** Gets an access token from wherever the app gets its own; null when nobody is signed in. A throw is tried again. */
export type FetchToken = () => Promise<string | null>

/** The token in use, fetched anew only when the server no longer takes it. */
export class Tokens {
  #current: Promise<string | null> | null = null

  constructor(
    private readonly fetch: FetchToken,
    private readonly patience: Patience,
  ) {}

  get(): Promise<string | null> {
    this.#current ??= this.#fetch()
    return this.#current
  }

  /** The server refused this token (4403, or HTTP 401): the next `get` fetches another, once for all who ask. */
  async refused(token: string | null): Promise<void> {
    if (this.#current !== null && (await this.#current) === token) this.#current = null
  }

  #fetch(): Promise<string | null> {
    return this.patience.until(() =>
      this.fetch().catch((cause) => {
        throw new Unreachable('There is no token to be had.', { cause })
      }),
    )
  }
}
