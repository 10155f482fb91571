import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { migrateJobs } from '../jobs.js'
import type { Log } from '../log.js'
import { StartupError } from '../startup-error.js'
import { migrate, pendingMigrations } from './migrate.js'
import { withoutTimeouts } from './without-timeouts.js'

/**
 * Brings a database up to this program: migrations, job tables, the coming weeks' partitions. Several nodes may do so
 * together. `retryUnfinished`: a migration that a killed start left half done is done again (its own database only).
 */
export async function prepareDatabase(
  connectionString: string,
  log: Log,
  retryUnfinished = false,
): Promise<void> {
  await migrate({ connectionString, log, retryUnfinished })
  await migrateJobs(connectionString, log)
  const client = new pg.Client({ connectionString, options: withoutTimeouts })
  await client.connect()
  try {
    await client.query('SELECT ensure_update_partitions(4)')
  } finally {
    await client.end()
  }
}

const patienceMilliseconds = 120_000

/** With MIGRATE=off: waits until somebody else has migrated, at most two minutes. Throws StartupError. */
export async function waitForMigrations(connectionString: string, log: Log): Promise<void> {
  const deadline = Date.now() + patienceMilliseconds
  for (let attempt = 0; ; attempt++) {
    const pending = [
      ...(await pendingMigrations(connectionString)),
      ...((await hasJobs(connectionString)) ? [] : ['jobs']),
    ]
    if (pending.length === 0) return
    if (attempt === 0) log.info({ pending }, 'waiting until the database is migrated')
    if (Date.now() > deadline)
      throw new StartupError('The database is older than this program, and MIGRATE=off. Migrate it first.')
    await sleep(1000)
  }
}

async function hasJobs(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query(
      "SELECT to_regclass('graphile_worker.migrations') IS NOT NULL AS found",
    )
    return rows[0]?.found === true
  } finally {
    await client.end()
  }
}
