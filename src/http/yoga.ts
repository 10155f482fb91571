import { createYoga, type GraphiQLOptions } from 'graphql-yoga'
import type { Services, Ticket } from '../features/context.js'
import type { GraphContext } from '../graphql/context.js'
import { useCounting } from '../graphql/counting.js'
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
import { type Explorer, graphiqlOptions, renderExplorer } from './graphiql.js'
import { useStreamPresence } from './stream-presence.js'

/** What a transport knows of an operation before GraphQL sees it. */
export interface Arrival {
  readonly session: Session
  /** Names the connection among those of its person. */
  readonly deviceId: string
  readonly requestId: string
  readonly address: string | null
  ticket: Ticket | null
  /** When subscriptions end by themselves, for want of a socket that closes. */
  readonly streamsEndAt: Date | null
  /** Aborts when an HTTP client has gone; a socket ends its subscriptions itself. */
  readonly gone: AbortSignal | null
}

export const endpoint = '/graphql'

/**
 * The GraphQL engine that HTTP, SSE and the socket share: the same limits, the same context, the same masking. With an
 * explorer it serves GraphiQL too.
 */
export function createEngine(services: Services, explorer: Explorer | null) {
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
      useCounting(services.metrics),
      useLimits(),
      useUpdateCursor(),
      useStreamPresence(),
      ...(services.config.introspection ? [] : [useNoIntrospection()]),
    ],
    context: ({ arrival }) => contextOf(services, arrival),
    // What fails before there is a context: documents that do not parse or validate.
    maskedErrors: { maskError: (error) => publicError(error, newId(), services.log) },
    ...(explorer
      ? {
          graphiql: graphiqlOptions(explorer),
          renderGraphiQL: (options: GraphiQLOptions) => renderExplorer(options, explorer),
        }
      : { graphiql: false }),
  })
}

export type Engine = ReturnType<typeof createEngine>

function contextOf(services: Services, arrival: Arrival): GraphContext {
  const { session, deviceId, requestId, address, ticket, streamsEndAt, gone } = arrival
  const context: Omit<GraphContext, 'loaders'> = {
    ...services,
    viewer: session.viewer,
    streamsEndAt,
    gone,
    deviceId,
    requestId,
    address,
    ticket,
    updateCursor: null,
    delivering: null,
  }
  const withLoaders: GraphContext = Object.assign(context, {
    loaders: new Loaders<GraphContext>(() => withLoaders),
  })
  return withLoaders
}
