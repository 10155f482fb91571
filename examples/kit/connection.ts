import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { type DocumentNode, print } from 'graphql'
import { type Client, createClient } from 'graphql-ws'
import { type AnsweredError, Ended, fatalOf, refusalOf, Unreachable } from './errors.js'
import type { Patience } from './patience.js'
import type { Tokens } from './tokens.js'

const expired = 4403
/** A token that will never do; and two that say that this program is wrong: a bad message, no common subprotocol. */
const finalCodes = new Set([4401, 4400, 4406])

export interface ConnectionOptions {
  /** The API's address, `https://…/graphql`. */
  readonly url: string
  readonly tokens: Tokens
  readonly patience: Patience
  /** Where there is no global WebSocket (Node 20): that of `ws`. */
  readonly webSocketImpl?: unknown
}

/**
 * A graphql-ws client that comes back by itself: with a new token after 4403, after a growing wait otherwise. What was
 * asked and not answered it asks again, which is fine with Parley: nothing is done twice. Whatever is not final, but
 * graphql-ws gives up at (1011 of a proxy, 4429, 4500), comes out as Unreachable, to be asked again after a wait.
 */
export function connect({ url, tokens, patience, webSocketImpl }: ConnectionOptions): Client {
  let token: string | null = null
  return createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl,
    connectionParams: async () => {
      token = await tokens.get()
      return token === null ? {} : { authorization: `Bearer ${token}` }
    },
    lazyCloseTimeout: 3000,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (attempt) => patience.wait(attempt),
    shouldRetry: () => true,
    on: {
      closed: (event) => {
        if (closeCode(event) === expired) void tokens.refused(token)
      },
    },
  })
}

/** The code that a socket closed with; null for whatever is no close event. */
export function closeCode(event: unknown): number | null {
  return typeof event === 'object' && event !== null && 'code' in event && typeof event.code === 'number'
    ? event.code
    : null
}

const texts = new Map<DocumentNode, string>()

/** A document as it is sent. */
export function textOf(document: DocumentNode): string {
  const text = texts.get(document) ?? print(document)
  texts.set(document, text)
  return text
}

/** A query or mutation over the socket. Throws a Refusal, or Ended when the connection is over for good. */
export function request<Data, Variables extends Record<string, unknown>>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  return new Promise((resolve, reject) => {
    client.subscribe<Data>(
      { query: textOf(document), variables },
      {
        next: ({ data, errors = [] }) => {
          const fatal = fatalOf(data, errors)
          if (fatal) reject(fatal)
          else if (data) resolve(data)
        },
        error: (reason) => reject(failureOf(reason)),
        complete: () => reject(new Ended('The connection was closed.')),
      },
    )
  })
}

/** What graphql-ws reports in one place: lists of errors, close events, and errors of the network. */
export function failureOf(reason: unknown): Error {
  if (Array.isArray(reason)) {
    const [first]: AnsweredError[] = reason
    return first ? refusalOf(first) : new Unreachable('an error without a reason')
  }
  const code = closeCode(reason)
  if (code !== null && finalCodes.has(code)) return new Ended(`The socket closed with ${code}.`)
  return new Unreachable('The server does not answer.', { cause: reason })
}
