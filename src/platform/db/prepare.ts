import pg from 'pg'
import { migrateJobs } from '../jobs.js'
import type { Log } from '../log.js'
import { migrate } from './migrate.js'
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
