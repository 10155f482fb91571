import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import { createYoga } from 'graphql-yoga'
import type { Services, Ticket } from '../features/context.js'
import type { GraphContext } from '../graphql/context.js'
import { useGraphqlJs } from '../graphql/executor.js'
import { publicError } from '../graphql/failures.js'
import { useNoIntrospection } from '../graphql/introspection.js'
import { useLimits } from '../graphql/limits.js'
import { Loaders } from '../graphql/loaders.js'
import { useMasking } from '../graphql/masking.js'
import { schema } from '../graphql/schema.js'
import { useUpdateCursor } from '../graphql/update-cursor.js'
import { newId } from '../platform/ids.js'
import type { Session } from './authenticate.js'

/** What a transport knows of an operation before GraphQL sees it. */
export interface Arrival {
  readonly session: Session
  readonly requestId: string
  readonly address: string | null
  ticket: Ticket | null
  /** When subscriptions end by themselves, for want of a socket that closes. */
  readonly streamsEndAt: Date | null
  /** Aborts when an HTTP client has gone; a socket ends its subscriptions itself. */
  readonly gone: AbortSignal | null
}

export const endpoint = '/graphql'

/** GraphiQL, with a token filled in where one was made for trying. */
export interface Exploring {
  readonly token: string | null
}

/** The GraphQL engine that HTTP, SSE and the socket share: the same limits, the same context, the same masking. */
export function createEngine(services: Services, exploring: Exploring | null) {
  return createYoga<{ arrival: Arrival }, GraphContext>({
    schema,
    graphqlEndpoint: endpoint,
    // Headers of other origins are the server's own matter, before this.
    cors: false,
    multipart: false,
    batching: false,
    landingPage: false,
    logging: false,
    plugins: [
      useGraphqlJs(),
      useMasking(),
      useLimits(),
      useUpdateCursor(),
      ...(services.config.introspection ? [] : [useNoIntrospection()]),
    ],
    context: ({ arrival }) => contextOf(services, arrival),
    // What fails before there is a context: documents that do not parse or validate.
    maskedErrors: { maskError: (error) => publicError(error, newId(), services.log) },
    graphiql: exploring ? graphiqlOptions(exploring) : false,
    renderGraphiQL,
  })
}

export type Engine = ReturnType<typeof createEngine>

function contextOf(services: Services, arrival: Arrival): GraphContext {
  const { session, requestId, address, ticket, streamsEndAt, gone } = arrival
  const context: Omit<GraphContext, 'loaders'> = {
    ...services,
    viewer: session.viewer,
    streamsEndAt,
    gone,
    requestId,
    address,
    ticket,
    updateCursor: null,
  }
  const withLoaders: GraphContext = Object.assign(context, {
    loaders: new Loaders<GraphContext>(() => withLoaders),
  })
  return withLoaders
}

function graphiqlOptions({ token }: Exploring) {
  return {
    title: 'Parley',
    ...(token === null ? {} : { headers: JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2) }),
    defaultQuery: `# Everything here is live. Try this, then the documentation on the left.
query Start {
  viewer { user { displayName role } unreadCount updateCursor }
  conversations(first: 10) {
    edges { node { id kind title otherParticipant { externalId displayName } unreadCount lastMessage { body sentAt } } }
  }
}
`,
  }
}
