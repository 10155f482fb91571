import { Logger, type Runner, run, runMigrations } from 'graphile-worker'
import pg from 'pg'
import type { Database } from './db/database.js'
import { endPool } from './db/end-pool.js'
import type { Log } from './log.js'

const concurrency = 2

/**
 * What a job does with its payload. It runs at least once: doing it again must do no harm. The stop of the node waits for it, so
 * what takes long and may be continued in another run looks at the signal.
 */
export type Task = (payload: unknown, stopping: AbortSignal) => Promise<void>

export interface JobsOptions {
  readonly connectionString: string
  readonly tasks: Readonly<Record<string, Task>>
  /** graphile-worker's crontab, one line a schedule. */
  readonly crontab: string
  readonly log: Log
}

const quietLogger = (log: Log) =>
  new Logger(() => (level, message) => {
    // Its messages name jobs and tasks, never payloads.
    if (level === 'error') log.error({ worker: message }, 'the job worker failed')
    else if (level === 'warning') log.warn({ worker: message }, 'the job worker warns')
  })

/**
 * Gives back the jobs that a worker has held for ten minutes: it was killed, and the queue itself would wait for four hours. A
 * job that does take so long is done a second time beside the first, which harms none of them.
 */
export async function freeJobs(db: Database): Promise<void> {
  await db.query(
    'free-jobs',
    `SELECT graphile_worker.force_unlock_workers(array(
       SELECT DISTINCT j.locked_by FROM graphile_worker.jobs j WHERE j.locked_at < clock_timestamp() - interval '10 minutes'))`,
    [],
  )
}

/** Brings the tables of the job queue up to date. */
export async function migrateJobs(connectionString: string, log: Log): Promise<void> {
  await runMigrations({ connectionString, logger: quietLogger(log) })
}

/** Works through the jobs that transactions have added, until disposed of; what is under way then is finished. */
export async function startJobs({
  connectionString,
  tasks,
  crontab,
  log,
}: JobsOptions): Promise<AsyncDisposable> {
  const pool = new pg.Pool({ connectionString, max: concurrency + 2, keepAlive: true })
  pool.on('error', (error) => log.warn({ failure: error.message }, 'the job worker lost a connection'))
  pool.on('connect', (client) => client.on('error', () => {}))
  const stopping = new AbortController()
  const runner: Runner = await run({
    pgPool: pool,
    concurrency,
    noHandleSignals: true,
    logger: quietLogger(log),
    crontab,
    taskList: Object.fromEntries(
      Object.entries(tasks).map(([name, task]) => [
        name,
        (payload: unknown) => task(payload, stopping.signal),
      ]),
    ),
  })
  runner.promise.catch((error: unknown) => log.error({ error }, 'the job worker stopped'))
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await runner.stop()
      await endPool(pool)
    },
  }
}
