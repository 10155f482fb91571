import { resolve } from 'node:path'
import { connectGauges } from './app/gauges.js'
import { startBackground } from './app/jobs.js'
import type { Config } from './config.js'
import type { Services } from './features/context.js'
import { Cursors } from './features/cursors.js'
import { SendLanes } from './features/messages/send-lanes.js'
import { Directory } from './features/people/directory.js'
import { ReceiptTeller } from './features/receipts/tell-groups.js'
import { startSignals } from './features/signals/start.js'
import { Hints } from './features/stream/hints.js'
import { StreamHub } from './features/stream/hub.js'
import { readTogether } from './features/stream/read-together.js'
import { Authenticator, type TokenRules } from './http/authenticate.js'
import { assertPortFree, openDoor } from './http/door.js'
import { type Explorer, plainExplorer } from './http/graphiql.js'
import { fileKeyring } from './platform/crypto/keyring.js'
import { Vault } from './platform/crypto/vault.js'
import { Database } from './platform/db/database.js'
import { startEmbeddedPostgres } from './platform/db/embedded.js'
import { emptyDatabase } from './platform/db/empty.js'
import { isUnavailable } from './platform/db/failures.js'
import { keyStore } from './platform/db/key-store.js'
import { prepareDatabase, waitForMigrations } from './platform/db/prepare.js'
import { Gathering } from './platform/gathering.js'
import { acquireInstanceLock } from './platform/instance-lock.js'
import { Lifetimes } from './platform/lifetimes.js'
import { localFiles } from './platform/local-files.js'
import type { Log } from './platform/log.js'
import { Metrics } from './platform/metrics/metrics.js'
import { consoleNotifier } from './platform/notify/console.js'
import type { Notifier } from './platform/notify/notifier.js'
import { createLeases } from './platform/pubsub/leases.js'
import { type Bus, createBus } from './platform/pubsub/pubsub.js'
import { RedisLink } from './platform/pubsub/redis.js'
import { isSeedingUnfinished, seedingOnce } from './platform/seeding.js'
import { StartupError } from './platform/startup-error.js'

/** What tests replace. */
export interface Overrides {
  readonly bus?: Bus
  readonly notifier?: Notifier
  readonly observe?: (statement: string) => void
  /** What GraphiQL opens with; asked once the database is seeded. */
  readonly explorer?: (services: Services, tokens: TokenRules) => Promise<Explorer>
  /** Fills an empty database, before anybody can come in. What a killed start left half filled is emptied first. */
  readonly seed?: (services: Services) => Promise<void>
  /** Ends a start that is still seeding; createApp then rejects with its reason. */
  readonly stopping?: AbortSignal
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
      if (config.role !== 'worker') await assertPortFree(config)
      const postgres = await startEmbeddedPostgres({ directory: dataDir, log })
      stack.defer(() => postgres.stop())
      killNow = () => postgres.killNow()
      connectionString = postgres.connectionString
      if (await isSeedingUnfinished(dataDir)) await emptyDatabase(connectionString)
    } else {
      connectionString = config.database.url
    }
    if (config.migrate) await prepareDatabase(connectionString, log, config.database.kind === 'embedded')
    else await waitForMigrations(connectionString, log)

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

    const metrics = new Metrics()
    const db = stack.use(new Database(connectionString, log, overrides.observe, metrics))
    const vault = await Vault.open(fileKeyring(keyring.current, keyring.keys), keyStore(db))
    const redis = config.redisUrl === null ? null : stack.use(new RedisLink(config.redisUrl, log))
    const bus = overrides.bus ?? createBus(redis, log)
    const hints = new Hints(bus)
    const hub = stack.use(new StreamHub(db, log, (rows) => readTogether(db, rows), metrics))
    hub.start(bus)
    stack.use(new ReceiptTeller(db, hints, log)).start()
    const directory = new Directory(db)
    bus.subscribe('people', () => directory.forget())
    await provisionSubjects(directory, config.tokens.serviceSubjects, 'SERVICE')
    await provisionSubjects(directory, config.tokens.adminSubjects, 'ADMIN')
    const services: Services = {
      config,
      db,
      gathering: new Gathering({ db, config }),
      vault,
      cursors: new Cursors(vault.derivedKey('cursors')),
      hints,
      hub,
      sends: new SendLanes(db, hints, config.messagingPolicy === 'open', metrics),
      ...startSignals(stack, { config, db, log, bus, leases: createLeases(redis) }),
      log,
      metrics,
    }
    connectGauges(services, redis)
    if (config.role !== 'api') {
      const notifier = overrides.notifier ?? consoleNotifier(log)
      stack.use(await startBackground(services, connectionString, notifier))
    }
    overrides.stopping?.throwIfAborted()
    if (overrides.seed) {
      log.info('seeding the demo, unless somebody is there already')
      const seeding = seedingOnce(resolve(config.dataDir), () => overrides.seed?.(services))
      await unlessStopping(seeding, overrides.stopping)
    }
    let url: string | null = null
    if (config.role !== 'worker') {
      const explorer = (await overrides.explorer?.(services, tokens)) ?? plainExplorer
      const door = stack.use(await openDoor(services, new Authenticator(tokens, directory), explorer))
      url = `http://${shownHost(config.host)}:${door.port}`
    }
    return { url, services, tokens, killNow, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() }
  } catch (error) {
    await stack[Symbol.asyncDispose]()
    if (config.database.kind === 'url' && isUnavailable(error)) {
      throw new StartupError('The database of DATABASE_URL does not answer.', { cause: error })
    }
    throw error
  }
}

/** The work's outcome, or the signal's reason if that comes first: what the work does then fails unheard. */
async function unlessStopping<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([work, stopped])
}

/** Throws StartupError where somebody with that subject is something else already. */
async function provisionSubjects(
  directory: Directory,
  subjects: readonly string[],
  role: 'SERVICE' | 'ADMIN',
): Promise<void> {
  for (const subject of subjects) {
    const person = await directory.provision(subject, role, subject)
    if (person?.role !== role) {
      throw new StartupError(
        `${role}_SUBJECTS names somebody who has another role already. Change one of the two.`,
      )
    }
  }
}

function shownHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? 'localhost' : host
}
