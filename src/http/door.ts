import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config.js'
import type { Services } from '../features/context.js'
import { Asking } from '../platform/metrics/asking.js'
import { StartupError } from '../platform/startup-error.js'
import type { Authenticator } from './authenticate.js'
import type { Explorer } from './graphiql.js'
import { Origins } from './origins.js'
import { createHttpServer } from './server.js'
import { Vigil } from './vigil.js'
import { createSocketServer } from './websocket.js'
import { createEngine } from './yoga.js'

const drainMilliseconds = 7000
/** What the kernel has let in, and the process has not seen yet, is in flight too. */
const lastCallMilliseconds = 100
/** Whoever asks whether a node is ready gives up sooner or later: by then it isn't. */
const readyMilliseconds = 3000

/** A node's one listening port. Disposed of: no new requests, the last answers, sockets closed with 1001. */
export interface Door extends AsyncDisposable {
  readonly port: number
}

/**
 * Listens, with HTTP, SSE and the socket on one engine, and with GraphiQL where introspection is on. Throws StartupError
 * for a port that can't be had.
 */
export async function openDoor(
  services: Services,
  authenticator: Authenticator,
  offered: Explorer,
): Promise<Door> {
  const { config } = services
  const explorer = config.introspection ? offered : null
  const engine = createEngine(services, explorer)
  const origins = new Origins(
    config.publicUrl === null ? config.allowedOrigins : [...config.allowedOrigins, config.publicUrl],
  )
  const database = new Asking(() => services.db.query('ready', 'SELECT 1 AS one', []), readyMilliseconds)
  let isStopping = false
  const health = {
    isReady: async () => !isStopping && (await database.answer()) !== null && !isStopping,
    isStopping: () => isStopping,
  }
  const vigil = new Vigil(services.metrics.cutConnections)
  const server = createHttpServer(engine, authenticator, origins, services, health, vigil, explorer !== null)
  const { sockets, stop } = createSocketServer(server, engine, authenticator, origins, services, vigil)
  services.metrics.sockets(() => sockets.clients.size)
  server.listen(config.port, config.host)
  await once(server, 'listening').catch((error: unknown) => {
    throw portError(error, config)
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : config.port
  if (config.environment === 'development')
    origins.add(`http://localhost:${port}`, `http://127.0.0.1:${port}`)
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      isStopping = true
      await close(server, stop, services)
      vigil.stop()
    },
  }
}

/** Says before anything is started whether the port can be had. Throws StartupError. */
export async function assertPortFree(config: Config): Promise<void> {
  const probe = createServer().listen(config.port, config.host)
  await once(probe, 'listening').catch((error: unknown) => {
    throw portError(error, config)
  })
  probe.close()
  await once(probe, 'close')
}

function portError(error: unknown, config: Config): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return new StartupError(`Port ${config.port} is in use. Set PORT to another one.`)
  if (code === 'EACCES')
    return new StartupError(`Port ${config.port} may not be opened. Set PORT to another one.`)
  return error
}

/** At most seven seconds, so that all of a stop takes less than ten; what is still open then is cut. */
async function close(server: Server, closeSockets: () => Promise<void>, { hub }: Services): Promise<void> {
  const deadline = Date.now() + drainMilliseconds
  await sleep(lastCallMilliseconds)
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  await closeSockets()
  // Only those over SSE are left: a socket's stream is not completed, so that its client goes on with it elsewhere.
  hub.endStreams()
  server.closeIdleConnections()
  const timeout = new AbortController()
  await Promise.race([
    closed,
    sleep(deadline - Date.now(), undefined, { signal: timeout.signal }).catch(() => {}),
  ])
  timeout.abort()
  server.closeAllConnections()
  await closed
}
