import { readFileSync } from 'node:fs'
import { Client, fetchExchange, subscriptionExchange } from '@urql/core'
import { type Cache, cacheExchange, type KeyingConfig } from '@urql/exchange-graphcache'
import { relayPagination } from '@urql/exchange-graphcache/extras'
import { buildSchema, introspectionFromSchema, isObjectType } from 'graphql'
import type { UrqlSendMutation, UrqlUpdatesSubscription } from '../generated/graphql.js'
import type { Person } from '../support/person.js'
import { token } from '../support/world.js'

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))

/** Types without an id are kept where they stand; an edge is known by its cursor, which is the same on every page. */
const withoutId = Object.values(schema.getTypeMap())
  .filter(isObjectType)
  .filter((type) => !('id' in type.getFields()))
const keys: KeyingConfig = {
  ...Object.fromEntries(withoutId.map(({ name }) => [name, () => null])),
  MessageEdge: ({ cursor }) => String(cursor),
}

/** Puts a new edge at the end of what is kept of a conversation, once: one’s own comes with the answer and with the update. */
function append(cache: Cache, conversationId: string, cursor: string): void {
  const conversation = { __typename: 'Conversation', id: conversationId }
  const edge = cache.keyOfEntity({ __typename: 'MessageEdge', cursor })
  for (const { fieldName, fieldKey, arguments: args } of cache.inspectFields(conversation)) {
    if (fieldName !== 'messages' || args?.before) continue
    const connection = cache.resolve(conversation, fieldKey)
    const edges = typeof connection === 'string' ? cache.resolve(connection, 'edges') : null
    if (typeof connection !== 'string' || !Array.isArray(edges) || edges.includes(edge)) continue
    cache.link(connection, 'edges', [...edges, edge] as string[])
  }
}

function appendSent(cache: Cache, { sendMessage }: UrqlSendMutation): void {
  if (sendMessage.__typename === 'SendMessagePayload')
    append(cache, sendMessage.conversation.id, sendMessage.messageEdge.cursor)
}

function appendTold(cache: Cache, { updates }: UrqlUpdatesSubscription): void {
  if (updates.conversation && updates.change?.__typename === 'MessageSent')
    append(cache, updates.conversation.id, updates.change.edge.cursor)
}

/** A stock urql with a normalised cache that knows the schema, and what it had to complain of. */
export interface UrqlClient {
  readonly client: Client
  readonly warnings: string[]
  /** How many requests went over HTTP. */
  readonly requests: () => number
}

export async function urqlFor(person: Person, options: { isKeyed?: boolean } = {}): Promise<UrqlClient> {
  const authorization = `Bearer ${await token(person.externalId)}`
  const socket = person.socket()
  const warnings: string[] = []
  let requests = 0
  const cache = cacheExchange({
    schema: introspectionFromSchema(schema, { descriptions: false }),
    logger: (severity, message) => {
      if (severity !== 'debug') warnings.push(message)
    },
    ...(options.isKeyed === false ? {} : { keys }),
    resolvers: {
      Query: { conversations: relayPagination() },
      Conversation: { messages: relayPagination() },
    },
    updates: {
      Mutation: { sendMessage: (result, _args, cache) => appendSent(cache, result as UrqlSendMutation) },
      Subscription: {
        updates: (result, _args, cache) => appendTold(cache, result as UrqlUpdatesSubscription),
      },
    },
  })
  const client = new Client({
    url: person.world.url(person.node),
    fetchOptions: { headers: { authorization } },
    fetch: (...args) => {
      requests += 1
      return fetch(...args)
    },
    exchanges: [
      cache,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe({ query, variables: variables ?? {} }, sink),
          }),
        }),
      }),
    ],
  })
  return { client, warnings, requests: () => requests }
}
