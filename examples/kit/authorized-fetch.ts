import type { Tokens } from './tokens.js'

const longestRequestMilliseconds = 30_000

/** A `fetch` that carries the token, and comes back once with a new one when the server no longer takes it. */
export function authorizedFetch(tokens: Tokens, given: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const attempt = async (token: string | null) => {
      const headers = new Headers(init?.headers)
      if (token !== null) headers.set('authorization', `Bearer ${token}`)
      const timeout = AbortSignal.timeout(longestRequestMilliseconds)
      const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout
      return given(input, { ...init, headers, signal })
    }
    const token = await tokens.get()
    const response = await attempt(token)
    if (response.status !== 401) return response
    await tokens.refused(token)
    return attempt(await tokens.get())
  }
}
