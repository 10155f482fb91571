import { resolve } from 'node:path'
import pg from 'pg'
import { StartupError } from '../startup-error.js'
import { findBinaries } from './embedded-binaries.js'
import { type EmbeddedLog, prepareCluster, userName } from './embedded-cluster.js'
import { type Server, startServer } from './embedded-server.js'
import { choosePlace } from './embedded-user.js'

export type EmbeddedOptions = {
  /** The Parley data directory; made if absent. One process at a time: see acquireInstanceLock. */
  directory: string
  log: EmbeddedLog
  /** Each line that PostgreSQL writes to its log. */
  onLine?: (line: string) => void
  /** Where the cluster lies if not where it would by itself; for tests, in a folder that others can enter. */
  data?: string
  /** False gives durability up: for tests. */
  fsync?: boolean
  /** More server settings, as in postgresql.conf. */
  settings?: Readonly<Record<string, string>>
}

export interface EmbeddedPostgres extends AsyncDisposable {
  /** Of the superuser, to the database `parley`. */
  readonly connectionString: string
  /** Of the postmaster. */
  readonly pid: number
  /** The cluster's own directory. */
  readonly data: string
  /** Ends connections and shuts down; again: the same promise. At most 13 s, usually 50 ms. */
  stop(): Promise<void>
  /** For `process.on('exit')`: signals an immediate shutdown and does not wait; the next start recovers. */
  killNow(): void
}

const notDurable = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }
/** The database in every cluster of ours. */
export const databaseName = 'parley'

/**
 * Starts a PostgreSQL of our own on a free loopback port, making its cluster on the first start; what an
 * earlier run left running on the same data is stopped first. It outlives the terminal's Ctrl-C (a session
 * of its own), so whoever starts it stops it. A StartupError where it can't run or its data is of another
 * major version.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { log, fsync = true } = options
  try {
    const place = await choosePlace(resolve(options.directory), options.data)
    const binaries = await findBinaries(place.user, place.copies)
    const password = await prepareCluster(place, binaries, { log, sync: fsync })
    const settings = { ...(fsync ? {} : notDurable), ...options.settings }
    const server = await startServer(place, binaries, { log, settings, onLine: options.onLine })
    const connectionString = `postgresql://${userName}:${password}@127.0.0.1:${server.port}/${databaseName}`
    await ensureDatabase(connectionString, server)
    const stop = () => server.stop()
    return {
      connectionString,
      pid: server.pid,
      data: place.data,
      stop,
      killNow: () => server.killNow(),
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    if (error instanceof StartupError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    const line = reason.replace(/\s+/g, ' ').trim()
    throw new StartupError(`the embedded PostgreSQL does not start: ${line}`, { cause: error })
  }
}

async function ensureDatabase(connectionString: string, server: Server): Promise<void> {
  try {
    if (await connects(connectionString)) return
    const client = new pg.Client({ connectionString: connectionString.replace(/\w+$/, 'postgres') })
    await client.connect()
    await client.query(`CREATE DATABASE ${databaseName}`)
    await client.end()
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function connects(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString })
  try {
    await client.connect()
    await client.end()
    return true
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '3D000') return false
    throw error
  }
}
