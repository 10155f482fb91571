import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  type ExecutionArgs,
  type GraphQLError,
  type GraphQLFormattedError,
  getOperationAST,
  type OperationDefinitionNode,
} from 'graphql'
import { CloseCode, type Context, type SubscribePayload } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { RateLimitedError, ServiceUnavailableError, UnauthenticatedError } from '../errors.js'
import type { Services } from '../features/context.js'
import { codedError, needsNewerVersion, publicError } from '../graphql/failures.js'
import { newId } from '../platform/ids.js'
import { addressOf } from './address.js'
import { type Authenticator, bearerToken } from './authenticate.js'
import { type Connection, closeSoon, connect, lastWords } from './connection.js'
import type { Origins } from './origins.js'
import { QuietSocket } from './quiet-socket.js'
import { checkParams, RequestRefusal } from './requests.js'
import { Seats } from './seats.js'
import type { Vigil } from './vigil.js'
import { type Arrival, type Engine, endpoint } from './yoga.js'

const largestFrame = 128 * 1024
const initMilliseconds = 5000
const closingMilliseconds = 1000
const mostSubscriptions = 50
/** Vigil asks for signs of life. */
const noPings = 0
/** Beyond the protocol's own close codes: of RFC 6455's registry. */
const goingAway = 1001
const serviceRestart = 1012
const tryAgainLater = 1013
const tooManySockets = 4429

interface Extra {
  readonly socket: WebSocket
  readonly request: IncomingMessage
}

/** The engine's own phases for one operation, carried to where graphql-ws executes it. */
type Phases = Pick<ReturnType<Engine['getEnveloped']>, 'execute' | 'subscribe'>

/**
 * GraphQL over a socket, in the graphql-ws protocol, through the same engine as HTTP. Close codes of our own: 4401 a
 * token that will never do, 4403 one that has run out or an account that changed (come back with a new one).
 */
export function createSocketServer(
  server: Server,
  engine: Engine,
  authenticator: Authenticator,
  origins: Origins,
  services: Services,
  vigil: Vigil,
): { readonly sockets: WebSocketServer; readonly stop: () => Promise<void> } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestFrame, WebSocket: QuietSocket })
  const connections = new WeakMap<WebSocket, Connection>()
  const seats = new Seats()
  const phases = new WeakMap<object, Phases>()
  const phasesOf = (args: ExecutionArgs): Phases => {
    const found = phases.get(args)
    if (!found) throw new Error('an operation without an engine')
    return found
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const path = request.url?.split('?')[0]
    if (path !== endpoint) return refuseUpgrade(socket, '404 Not Found')
    if (!origins.allows(request.headers.origin)) return refuseUpgrade(socket, '403 Forbidden')
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
  })

  sockets.on('connection', (socket, request) => {
    vigil.watchSocket(socket, request.socket)
    socket.once('close', (code) => services.metrics.socketClosed(code))
  })

  const disposable = useServer<Record<string, unknown>, Partial<Extra>>(
    {
      connectionInitWaitTimeout: initMilliseconds,
      onConnect: async (ctx) => {
        const { socket } = extraOf(ctx)
        const header = ctx.connectionParams?.authorization ?? ctx.connectionParams?.Authorization
        try {
          const session = await authenticator.authenticate(bearerToken(header))
          // Closed meanwhile, it would never be released.
          if (socket.readyState !== socket.OPEN) return false
          const leaveSeat = seats.take(session.viewer.id)
          if (leaveSeat === null) {
            closeSoon(socket, tooManySockets, 'Too many connections')
            return false
          }
          connections.set(socket, connect(socket, session, services, leaveSeat))
          return true
        } catch (error) {
          if (!(error instanceof UnauthenticatedError)) {
            // While the database is away everybody comes back again and again: a line for each would be a storm.
            if (!(error instanceof ServiceUnavailableError))
              services.log.warn(
                { error: publicError(error, newId(), services.log).extensions },
                'a socket was not let in',
              )
            closeSoon(socket, tryAgainLater, 'Try again later')
          } else if (error.isExpired) closeSoon(socket, CloseCode.Forbidden, 'Forbidden')
          else closeSoon(socket, 4401, 'Unauthorized')
          return false
        }
      },
      // Everything up to the ticket is synchronous: frames of one socket keep their order.
      onSubscribe: (ctx, id, payload) => {
        const { socket, request } = extraOf(ctx)
        const connection = connections.get(socket)
        const requestId = newId()
        if (!connection || connection.ending === 'expired')
          return [codedError('UNAUTHENTICATED', 'Sign in again.')]
        if (connection.ending === 'stopping')
          return [publicError(new ServiceUnavailableError(), requestId, services.log)]
        const ticket = connection.turnstile.draw()
        const refused = (errors: readonly GraphQLError[]) => {
          ticket.release()
          return errors
        }
        try {
          const params = checkParams(payload satisfies SubscribePayload)
          const address = addressOf(request, services.config.trustProxy)
          const { session, deviceId } = connection
          // Streams end with their socket: a client goes on with those that were not completed.
          const arrival: Arrival = {
            session,
            deviceId,
            requestId,
            address,
            ticket: null,
            streamsEndAt: null,
            gone: null,
          }
          const { schema, parse, validate, contextFactory, execute, subscribe } = engine.getEnveloped({
            params,
            arrival,
          })
          const document = parse(params.query)
          const errors = validate(schema, document)
          if (errors.length > 0)
            return refused(errors.map((error: unknown) => publicError(error, requestId, services.log)))
          const operation = getOperationAST(document, params.operationName)
          if (!operation)
            return refused([codedError('BAD_REQUEST', 'Which operation of the document is meant?')])
          if (operation.operation !== 'mutation') ticket.release()
          // A send that is the operation's one field lets the next pass once it has its place; of several, the last one's
          // answer does.
          else arrival.ticket = hasOneField(operation) ? ticket : { arrive: ticket.arrive, release: () => {} }
          if (operation.operation !== 'subscription') connection.running.set(id, ticket)
          // Those that are under way, this one among them.
          else if (Object.keys(ctx.subscriptions).length - connection.running.size > mostSubscriptions)
            return refused([publicError(new RateLimitedError(1), requestId, services.log)])
          return Promise.resolve(contextFactory()).then((contextValue) => {
            const args = {
              schema,
              document,
              contextValue,
              ...(params.operationName ? { operationName: params.operationName } : {}),
              ...(params.variables ? { variableValues: params.variables } : {}),
            }
            phases.set(args, { execute, subscribe })
            return args
          })
        } catch (error) {
          if (error instanceof RequestRefusal) return refused([codedError(error.code, error.message)])
          return refused([publicError(error, requestId, services.log)])
        }
      },
      // Whatever is thrown here would close the socket, with all that runs on it.
      execute: async (args) => failingSoftly(() => phasesOf(args).execute(args)),
      subscribe: async (args) => failingSoftly(() => phasesOf(args).subscribe(args)),
      // What this version can't tell of, a newer node can: clients reconnect after 1012, with their last cursor.
      onNext: (ctx, _id, _payload, _args, result) => {
        if (!result.errors) return undefined
        for (const { extensions } of result.errors) services.metrics.errorTold(extensions.code)
        if (result.errors.some(needsNewerVersion))
          closeSoon(extraOf(ctx).socket, serviceRestart, 'Service restart')
        return { ...result, errors: result.errors.map(sent) }
      },
      onError: (ctx, id, _payload, errors) => {
        settle(ctx, id)
        return errors.map((error: unknown) => {
          const told = publicError(error, newId(), services.log)
          services.metrics.errorTold(told.extensions.code)
          return sent(told)
        })
      },
      onComplete: (ctx, id) => settle(ctx, id),
      onClose: (ctx) => {
        const connection = connections.get(extraOf(ctx).socket)
        connection?.release()
        for (const ticket of connection?.running.values() ?? []) ticket.release()
      },
    },
    sockets,
    noPings,
  )

  async function failingSoftly<Result>(run: () => Promise<Result> | Result) {
    try {
      return await run()
    } catch (error) {
      return { errors: [publicError(error, newId(), services.log)] }
    }
  }

  function settle(ctx: Context<Record<string, unknown>, Partial<Extra>>, id: string): void {
    const connection = connections.get(extraOf(ctx).socket)
    connection?.running.get(id)?.release()
    connection?.running.delete(id)
  }

  const stop = async () => {
    await Promise.all(
      [...sockets.clients].map(async (socket) => {
        const connection = connections.get(socket)
        if (connection) await lastWords(connection, 'stopping')
        socket.close(goingAway, 'Going away')
      }),
    )
    // Whoever does not answer the close is cut.
    const cut = setTimeout(() => {
      for (const socket of sockets.clients) socket.terminate()
    }, closingMilliseconds)
    await disposable.dispose()
    clearTimeout(cut)
  }
  return { sockets, stop }
}

/** An error as it is sent; its HTTP status is no matter of the socket's. */
function sent(error: GraphQLError): GraphQLFormattedError {
  const { http: _, ...extensions } = error.extensions
  return { ...error.toJSON(), extensions }
}

function extraOf(ctx: Context<Record<string, unknown>, Partial<Extra>>): Extra {
  const { socket, request } = ctx.extra
  if (!socket || !request) throw new Error('a connection without a socket')
  return { socket, request }
}

function hasOneField({ selectionSet }: OperationDefinitionNode): boolean {
  return selectionSet.selections.length === 1 && selectionSet.selections[0]?.kind === 'Field'
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
