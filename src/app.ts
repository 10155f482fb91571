import { once } from 'node:events'
import type { Server } from 'node:http'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from './config.js'
import type { Services } from './features/context.js'
import { Cursors } from './features/cursors.js'
import { readMessagesOf } from './features/messages/read.js'
import { SendLanes } from './features/messages/send-lanes.js'
import { Directory } from './features/people/directory.js'
import { tellConversations } from './features/people/tell-conversations.js'
import { Hints } from './features/stream/hints.js'
import { StreamHub } from './features/stream/hub.js'
import { Authenticator, type TokenRules } from './http/authenticate.js'
import { Origins } from './http/origins.js'
import { createHttpServer } from './http/server.js'
import { createSocketServer } from './http/websocket.js'
import { createEngine } from './http/yoga.js'
import { fileKeyring } from './platform/crypto/keyring.js'
import { Vault } from './platform/crypto/vault.js'
import { Database } from './platform/db/database.js'
import { startEmbeddedPostgres } from './platform/db/embedded.js'
import { emptyDatabase } from './platform/db/empty.js'
import { keyStore } from './platform/db/key-store.js'
import { pendingMigrations } from './platform/db/migrate.js'
import { prepareDatabase } from './platform/db/prepare.js'
import { acquireInstanceLock } from './platform/instance-lock.js'
import { startJobs } from './platform/jobs.js'
import { Lifetimes } from './platform/lifetimes.js'
import { localFiles } from './platform/local-files.js'
import type { Log } from './platform/log.js'
import { type Bus, createBus } from './platform/pubsub/pubsub.js'
import { isSeedingUnfinished, seedingOnce } from './platform/seeding.js'
import { StartupError } from './platform/startup-error.js'

const weeklyPartitions = '17 3 * * * ensure-partitions'
const drainMilliseconds = 10_000

/** What tests replace. */
export interface Overrides {
  readonly bus?: Bus
  readonly observe?: (statement: string) => void
  /** The token that GraphiQL opens with. */
  readonly explorerToken?: (tokens: TokenRules) => Promise<string | null>
  /** Fills an empty database, before anybody can come in. What a killed start left half filled is emptied first. */
  readonly seed?: (services: Services) => Promise<void>
}

export interface App extends AsyncDisposable {
  /** Where it listens, with the port that it got; null for a worker. */
  readonly url: string | null
  readonly services: Services
  readonly tokens: TokenRules
  /** Stops the embedded database at once, for when the process ends anyhow. */
  readonly killNow: () => void
}

/**
 * Builds the whole program and starts it. Everything that has a lifetime is owned here, and ends in reverse order:
 * no new requests, the last answers, sockets closed with 1001, jobs, streams, database.
 */
export async function createApp(config: Config, log: Log, overrides: Overrides = {}): Promise<App> {
  const stack = new Lifetimes()
  let killNow = () => {}
  try {
    let connectionString: string
    if (config.database.kind === 'embedded') {
      const dataDir = resolve(config.dataDir)
      const lock = await acquireInstanceLock(
        dataDir,
        `http://${shownHost(config.host)}:${config.port}/graphql`,
      )
      stack.defer(() => lock.release())
      const postgres = await startEmbeddedPostgres({ directory: dataDir, log })
      stack.defer(() => postgres.stop())
      killNow = () => postgres.killNow()
      connectionString = postgres.connectionString
      if (await isSeedingUnfinished(dataDir)) await emptyDatabase(connectionString)
    } else {
      connectionString = config.database.url
    }
    if (config.migrate) await prepareDatabase(connectionString, log, config.database.kind === 'embedded')
    else if ((await pendingMigrations(connectionString)).length > 0) {
      throw new StartupError('The database is older than this program, and MIGRATE=off. Migrate it first.')
    }

    const local = localFiles(resolve(config.dataDir))
    const keyring = config.keyring.kind === 'local' ? await local.keyring() : config.keyring
    const tokens: TokenRules = {
      ...config.tokens,
      ...(config.tokens.key.kind === 'local'
        ? {
            key: { kind: 'secret', secret: await local.secret() } as const,
            issuer: config.tokens.issuer ?? 'parley',
            audience: config.tokens.audience ?? 'parley',
          }
        : { key: config.tokens.key }),
    }

    const db = stack.use(new Database(connectionString, log, overrides.observe))
    const vault = await Vault.open(fileKeyring(keyring.current, keyring.keys), keyStore(db))
    const bus = stack.use(overrides.bus ?? createBus(config.redisUrl, log))
    const hints = new Hints(bus)
    const hub = stack.use(new StreamHub(db, log, (rows) => readMessagesOf(db, rows)))
    await hub.start(bus)
    const directory = new Directory(db)
    await bus.subscribe('people', () => directory.forget())
    for (const subject of config.tokens.serviceSubjects)
      await directory.provision(subject, 'SERVICE', subject)
    for (const subject of config.tokens.adminSubjects) await directory.provision(subject, 'ADMIN', subject)
    const services: Services = {
      config,
      db,
      vault,
      cursors: new Cursors(vault.derivedKey('cursors')),
      hints,
      hub,
      sends: new SendLanes(db, hints, config.messagingPolicy === 'open'),
      log,
    }
    if (config.role !== 'api') {
      stack.use(
        await startJobs({
          connectionString,
          log,
          crontab: weeklyPartitions,
          tasks: {
            'tell-conversations': (payload) => tellConversations(services, userIdOf(payload)),
            'ensure-partitions': async () => {
              await db.query('ensure-partitions', 'SELECT ensure_update_partitions(4)', [])
            },
          },
        }),
      )
    }
    if (overrides.seed) await seedingOnce(resolve(config.dataDir), () => overrides.seed?.(services))
    const url = config.role === 'worker' ? null : await listen(services, tokens, directory, stack, overrides)
    return { url, services, tokens, killNow, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() }
  } catch (error) {
    await stack[Symbol.asyncDispose]()
    throw error
  }
}

async function listen(
  services: Services,
  tokens: TokenRules,
  directory: Directory,
  stack: Lifetimes,
  overrides: Overrides,
): Promise<string> {
  const { config } = services
  const authenticator = new Authenticator(tokens, directory)
  const exploring = config.introspection ? { token: (await overrides.explorerToken?.(tokens)) ?? null } : null
  const engine = createEngine(services, exploring)
  const origins = new Origins(allowedOrigins(config))
  const isReady = async () => {
    try {
      const [row] = await services.db.query<{ pending: boolean }>('ready', 'SELECT false AS pending', [])
      return row !== undefined
    } catch {
      return false
    }
  }
  const server = createHttpServer(engine, authenticator, origins, services, { isReady }, exploring !== null)
  const { stop } = createSocketServer(server, engine, authenticator, origins, services)
  server.listen(config.port, config.host)
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) => {
      throw portError(error, config)
    }),
  ])
  stack.defer(() => close(server, stop))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : config.port
  origins.add(`http://localhost:${port}`, `http://127.0.0.1:${port}`)
  return `http://${shownHost(config.host)}:${port}`
}

function portError(error: unknown, config: Config): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return new StartupError(`Port ${config.port} is in use. Set PORT to another one.`)
  if (code === 'EACCES')
    return new StartupError(`Port ${config.port} may not be opened. Set PORT to another one.`)
  return error
}

function allowedOrigins(config: Config): string[] {
  return config.publicUrl === null ? [...config.allowedOrigins] : [...config.allowedOrigins, config.publicUrl]
}

/** Stops taking requests, lets those in flight finish, tells sockets to go elsewhere; at most ten seconds. */
async function close(server: Server, closeSockets: () => Promise<void>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  await closeSockets()
  server.closeIdleConnections()
  const timeout = new AbortController()
  await Promise.race([
    closed,
    sleep(drainMilliseconds, undefined, { signal: timeout.signal }).catch(() => {}),
  ])
  timeout.abort()
  server.closeAllConnections()
  await closed
}

function shownHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? 'localhost' : host
}

function userIdOf(payload: unknown): string {
  if (typeof payload === 'object' && payload !== null && 'userId' in payload) return String(payload.userId)
  throw new Error('a job without its person')
}
