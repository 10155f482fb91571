import {
  type ApolloCache,
  type ApolloClient,
  CombinedGraphQLErrors,
  type InMemoryCache,
  type NormalizedCacheObject,
} from '@apollo/client'
import { OpenConversationDocument, StartDocument, type StartQuery } from '../generated/graphql.js'
import { fatalOf, Unreachable } from '../kit/errors.js'
import type { Copy, Update } from '../kit/follower.js'
import type { Ask } from '../kit/local-copy.js'
import { olderUnread } from '../kit/unread.js'
import { applyUpdate, forgetPage, type Self } from './updates.js'

export interface ApolloState {
  readonly self: Self | null
  readonly cache: NormalizedCacheObject
}

/** Apollo's cache as the copy that the stream keeps. */
export class ApolloCopy implements Copy<ApolloState> {
  #self: Self | null = null

  constructor(
    private readonly client: ApolloClient,
    private readonly cache: InMemoryCache,
  ) {}

  async refetch(): Promise<string> {
    const data = await answerOf(
      this.client.query({ query: StartDocument, fetchPolicy: 'no-cache', errorPolicy: 'all' }),
    )
    const { viewer, unread } = data
    const ask: Ask = (query, variables) =>
      answerOf(this.client.query({ query, variables, fetchPolicy: 'no-cache', errorPolicy: 'all' }))
    const edges = [...(unread?.edges ?? []), ...(await olderUnread(ask, unread))]
    const whole = {
      ...data,
      unread: unread && { ...unread, edges, pageInfo: { ...unread.pageInfo, hasNextPage: false } },
    }
    this.#self = { viewerId: viewer.id, userId: viewer.user.id }
    this.cache.batch({ update: (cache) => replaceAll(cache, whole) })
    return viewer.updateCursor
  }

  async apply(update: Update): Promise<void> {
    if (!this.#self) throw new Error('nothing has been fetched yet')
    applyUpdate(this.cache, update, this.#self)
    const { conversation, change } = update
    // The one change that updates do not tell of one by one.
    if (conversation && change?.__typename === 'MessageSent') {
      if (change.edge.node.systemEvent?.kind === 'HISTORY_IMPORTED') await this.#fetchPage(conversation.id)
    }
  }

  extract(): ApolloState {
    return { self: this.#self, cache: this.cache.extract() }
  }

  restore({ self, cache }: ApolloState): void {
    this.#self = self
    this.cache.restore(cache)
  }

  async #fetchPage(id: string): Promise<void> {
    const asked = { query: OpenConversationDocument, variables: { id } }
    const data = await answerOf(this.client.query({ ...asked, fetchPolicy: 'no-cache', errorPolicy: 'all' }))
    this.cache.batch({
      update: (cache) => {
        forgetPage(cache, id)
        cache.writeQuery({ ...asked, data })
      },
    })
  }
}

/** Whatever was there is gone, and nobody who watches sees it in between. */
function replaceAll(cache: ApolloCache, data: StartQuery): void {
  for (const id of Object.keys(cache.extract() ?? {})) cache.evict({ id })
  cache.writeQuery({ query: StartDocument, data })
}

/** What was answered, errors of single fields aside; else in the kit's terms why not. */
export async function answerOf<Data>(
  asked: Promise<{ data: Data | undefined; error?: unknown }>,
): Promise<Data> {
  const { data, error } = await asked.catch((caught: unknown) => ({ data: undefined, error: caught }))
  if (error !== undefined && !CombinedGraphQLErrors.is(error))
    throw new Unreachable('The server does not answer.', { cause: error })
  const fatal = fatalOf(data, error?.errors ?? [])
  if (fatal) throw fatal
  if (!data) throw new Unreachable('There was no answer.')
  return data
}
