import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { StartupError } from '../startup-error.js'
import { defaultMigrationsDir, migrationNames, readMigrations } from './migrations-directory.js'
import { allTables, withSchemaEngine } from './schema-engine.js'
import { withoutTimeouts } from './without-timeouts.js'

/** The part of a pino logger that migrating needs. */
export type MigrationLog = { info(fields: object, message: string): void }

export type MigrateOptions = {
  connectionString: string
  migrationsDir?: string
  log: MigrationLog
  /** Try a migration again that an earlier run left unfinished: for a database of our own, not a shared one. */
  retryUnfinished?: boolean
}

// Any number that only Parley uses; Prisma's own command line takes 72707369.
const lockKey = 5_072_130_711_402_914n
const waitMs = 120_000
const pollMs = 250

/**
 * Applies the migrations that the database lacks and returns their names. Nodes that start together take
 * turns; after 120 s of waiting, and for a migration that fails, it throws a StartupError. A failed
 * migration leaves nothing but its row in `_prisma_migrations`, and is refused until that is resolved.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { connectionString, migrationsDir = defaultMigrationsDir, log } = options
  return withClient(connectionString, async (turn) => {
    await waitForTurn(turn, log)
    return withClient(connectionString, async (client) => {
      if ((await missing(client, migrationsDir)).length === 0) return []
      const started = performance.now()
      const unfinished = options.retryUnfinished === true ? await unfinishedMigrations(client) : []
      const applied = await apply(connectionString, migrationsDir, unfinished)
      log.info({ applied, ms: Math.round(performance.now() - started) }, 'the database schema is up to date')
      return applied
    })
  })
}

/**
 * The migrations on disk that the database has not finished, in order: empty when the schema is as new as
 * the program, or newer. One query. A client must not be inside a transaction.
 */
export async function pendingMigrations(
  database: string | Pick<pg.ClientBase, 'query'>,
  migrationsDir = defaultMigrationsDir,
): Promise<string[]> {
  if (typeof database !== 'string') return missing(database, migrationsDir)
  return withClient(database, (client) => missing(client, migrationsDir))
}

async function withClient<T>(connectionString: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, options: withoutTimeouts, keepAlive: true })
  client.on('error', () => {})
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

async function missing(client: Pick<pg.ClientBase, 'query'>, migrationsDir: string): Promise<string[]> {
  const names = await migrationNames(migrationsDir)
  const finished = new Set(await namesWhere(client, 'finished_at IS NOT NULL AND rolled_back_at IS NULL'))
  return names.filter((name) => !finished.has(name))
}

function unfinishedMigrations(client: pg.Client): Promise<string[]> {
  return namesWhere(client, 'finished_at IS NULL AND rolled_back_at IS NULL')
}

async function namesWhere(client: Pick<pg.ClientBase, 'query'>, condition: string): Promise<string[]> {
  try {
    const { rows } = await client.query<{ migration_name: string }>(
      `SELECT migration_name FROM _prisma_migrations WHERE ${condition}`,
    )
    return rows.map((row) => row.migration_name)
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '42P01') return []
    throw error
  }
}

// A try-lock, polled: whoever waits inside pg_advisory_lock holds a snapshot, and CREATE INDEX CONCURRENTLY
// in the other node's migration would wait for it. Of a transaction, so that a pooler keeps it in one place.
async function waitForTurn(client: pg.Client, log: MigrationLog): Promise<void> {
  const giveUpAt = performance.now() + waitMs
  for (let attempt = 0; ; attempt += 1) {
    await client.query('BEGIN')
    // As a simple query: the portal of one with parameters keeps its snapshot until the transaction ends, and then
    // CREATE INDEX CONCURRENTLY in our own migration would wait for us for ever.
    const { rows } = await client.query<{ mine: boolean }>(
      `SELECT pg_try_advisory_xact_lock(${lockKey}) AS mine`,
    )
    if (rows[0]?.mine === true) return
    await client.query('ROLLBACK')
    if (performance.now() >= giveUpAt) {
      throw new StartupError('another node has been migrating the database for over 120 s: start again later')
    }
    if (attempt === 0) log.info({}, 'another node is migrating the database: waiting for it')
    await sleep(pollMs)
  }
}

async function apply(connectionString: string, migrationsDir: string, retry: string[]): Promise<string[]> {
  const migrationsList = await readMigrations(migrationsDir)
  try {
    return await withSchemaEngine(connectionString, async (engine) => {
      for (const migrationName of retry) await engine.markMigrationRolledBack({ migrationName })
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: allTables })
      return appliedMigrationNames
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartupError(`the database can't be migrated: ${reason.replace(/\s+/g, ' ')}`, { cause: error })
  }
}
