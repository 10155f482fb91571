import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { isRetryable } from './failures.js'

const attempts = 6
// Its transactions may be long ones, but whoever else writes is waited for at most this long at a time.
const settings = [
  'statement_timeout=0',
  'lock_timeout=5000',
  'idle_in_transaction_session_timeout=60000',
  'jit=off',
  // As the functions of the migrations have it: plans by index, made once. Planning append_updates anew for each call
  // would cost more than the call.
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
]

/** Thrown in a transaction that, once it had its locks, found that others were needed: it begins anew. */
export class StaleLocksError extends Error {
  override readonly name = 'StaleLocksError'
}

/** What runs inside a transaction of an OperatorConnection takes this. */
export interface OperatorTransaction {
  /** Runs a prepared statement; bigint columns come as numbers. */
  query<Row extends object>(name: string, text: string, values: readonly unknown[]): Promise<Row[]>
}

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.INT8) return Number
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text')
  },
}

/**
 * One connection of an operator's command, without the time limits of those that serve. For one caller at a time. A
 * lost connection fails whatever is asked next: the command ends, and can be run again.
 */
export class OperatorConnection implements OperatorTransaction, AsyncDisposable {
  private constructor(private readonly client: pg.Client) {}

  static async open(connectionString: string): Promise<OperatorConnection> {
    const client = new pg.Client({
      connectionString,
      options: settings.map((setting) => `-c ${setting}`).join(' '),
      keepAlive: true,
    })
    // The statement that is under way fails with it; without a listener the process would end.
    client.on('error', () => {})
    await client.connect()
    return new OperatorConnection(client)
  }

  async query<Row extends object>(name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    return (await this.client.query<Row>({ name, text, values: [...values], types })).rows
  }

  /** Runs a command that is none of the statements that can be prepared. */
  async run(command: string): Promise<void> {
    await this.client.query(command)
  }

  /**
   * Runs `work` in a transaction at READ COMMITTED. A deadlock or a lock that is not had in time rolls back and tries
   * again, five times with growing pauses: it must have no effects elsewhere.
   */
  async transaction<T>(work: (tx: OperatorTransaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      await this.client.query('BEGIN')
      try {
        const result = await work(this)
        await this.client.query('COMMIT')
        return result
      } catch (error) {
        await this.client.query('ROLLBACK').catch(() => {})
        if (attempt === attempts || !(isRetryable(error) || error instanceof StaleLocksError)) throw error
        await sleep(Math.random() * 50 * 2 ** attempt)
      }
    }
  }

  /** Takes a lock that goes with the connection; false where somebody else has it. */
  async tryLock(name: string): Promise<boolean> {
    const [row] = await this.query<{ mine: boolean }>(
      'operator-lock',
      'SELECT pg_try_advisory_lock(hashtext($1)) AS mine',
      [name],
    )
    return row?.mine === true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end()
  }
}
