import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import type { Config } from '../../config.js'
import type { ImportContext } from '../../features/history/context.js'
import type { FoundPerson } from '../../features/history/people.js'
import { beginImport } from '../../features/history/session.js'
import { Hints } from '../../features/stream/hints.js'
import { BoundedMap } from '../../platform/bounded-map.js'
import { fileKeyring } from '../../platform/crypto/keyring.js'
import { Vault } from '../../platform/crypto/vault.js'
import { Database } from '../../platform/db/database.js'
import { startEmbeddedPostgres } from '../../platform/db/embedded.js'
import { findRunningPostgres } from '../../platform/db/embedded-running.js'
import { isUnavailable } from '../../platform/db/failures.js'
import { keyStore } from '../../platform/db/key-store.js'
import { OperatorConnection } from '../../platform/db/operator-connection.js'
import { prepareDatabase, waitForMigrations } from '../../platform/db/prepare.js'
import { acquireInstanceLock, type InstanceLock } from '../../platform/instance-lock.js'
import { Lifetimes } from '../../platform/lifetimes.js'
import { localFiles } from '../../platform/local-files.js'
import type { Log } from '../../platform/log.js'
import { createBus } from '../../platform/pubsub/pubsub.js'
import { RedisLink } from '../../platform/pubsub/redis.js'
import { isSeedingUnfinished } from '../../platform/seeding.js'
import { StartupError } from '../../platform/startup-error.js'

const namesInMemory = 20_000

export interface ImportServices extends AsyncDisposable {
  readonly context: ImportContext
  /** Stops a database that was started for the import at once, for when the process ends anyhow. */
  readonly killNow: () => void
}

/**
 * What an import needs of a node: its database, keys and hints, from the same configuration, and no door. Waits while
 * another import ends; throws StartupError where it can't begin.
 */
export async function openServices(config: Config, log: Log): Promise<ImportServices> {
  const stack = new Lifetimes()
  try {
    const database = await openDatabase(config, log, stack)
    const { connectionString } = database
    const local = localFiles(resolve(config.dataDir))
    const keyring = config.keyring.kind === 'local' ? await local.keyring() : config.keyring
    const db = stack.use(new Database(connectionString, log))
    const vault = await Vault.open(fileKeyring(keyring.current, keyring.keys), keyStore(db))
    const redis = config.redisUrl === null ? null : stack.use(new RedisLink(config.redisUrl, log))
    const own = stack.use(await OperatorConnection.open(connectionString))
    await beginImport(own)
    const context = {
      db: own,
      vault,
      hints: new Hints(createBus(redis, log)),
      isOpenPolicy: config.messagingPolicy === 'open',
      known: {
        people: new BoundedMap<string, FoundPerson>(namesInMemory),
        conversations: new BoundedMap<string, string>(namesInMemory),
      },
      requestId: `import-${randomUUID()}`,
    }
    return { context, killNow: database.killNow, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() }
  } catch (error) {
    await stack[Symbol.asyncDispose]()
    if (config.database.kind === 'url' && isUnavailable(error))
      throw new StartupError('The database of DATABASE_URL does not answer.', { cause: error })
    throw error
  }
}

interface OpenDatabase {
  readonly connectionString: string
  readonly killNow: () => void
}

async function openDatabase(config: Config, log: Log, stack: Lifetimes): Promise<OpenDatabase> {
  if (config.database.kind === 'embedded') return openEmbedded(resolve(config.dataDir), log, stack)
  const connectionString = config.database.url
  if (config.migrate) await prepareDatabase(connectionString, log)
  else await waitForMigrations(connectionString, log)
  return { connectionString, killNow: () => {} }
}

/** The database of the Parley that runs on this data directory; where none runs, its database started for the import. */
async function openEmbedded(dataDir: string, log: Log, stack: Lifetimes): Promise<OpenDatabase> {
  const lock = await acquireInstanceLock(dataDir, 'an import').catch((error: unknown) => error)
  // The next start would empty what a killed one left half seeded, and the import with it.
  if (await isSeedingUnfinished(dataDir)) {
    if (isLock(lock)) await lock.release()
    throw new StartupError(`${dataDir} is half seeded: start Parley there, and import once it is ready.`)
  }
  if (!isLock(lock)) {
    const connectionString = await findRunningPostgres(dataDir)
    if (connectionString === null) throw lock
    await waitForMigrations(connectionString, log)
    return { connectionString, killNow: () => {} }
  }
  stack.defer(() => lock.release())
  const postgres = await startEmbeddedPostgres({ directory: dataDir, log })
  stack.defer(() => postgres.stop())
  await prepareDatabase(postgres.connectionString, log, true)
  return postgres
}

function isLock(lock: unknown): lock is InstanceLock {
  return typeof lock === 'object' && lock !== null && 'release' in lock
}
