import { setTimeout as sleep } from 'node:timers/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { ServiceUnavailableError } from '../../errors.js'
import { type Prisma, PrismaClient } from '../../generated/prisma/client.js'
import type { Log } from '../log.js'
import type { Metrics } from '../metrics/metrics.js'
import { endPool } from './end-pool.js'
import { isRetryable, isUnavailable } from './failures.js'

const poolSize = 16
const attempts = 4
// Longer than a statement may take: what has not been answered by then never will be, because the connection is silent (a
// host that went away, a firewall that forgot). Without it such connections would stay in the pool, and in use, for ever.
const answerMilliseconds = 8000
// No statement here is large enough to be worth compiling.
const settings = [
  'statement_timeout=5000',
  'lock_timeout=2000',
  'idle_in_transaction_session_timeout=3000',
  'jit=off',
]

declare const transactional: unique symbol

/** A client inside a transaction. What must run in one takes this; the plain client is none. */
export type Tx = Prisma.TransactionClient & { readonly [transactional]: true }

const numberTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.INT8) return Number
    if (oid === 1016) return (text: string) => text.slice(1, -1).split(',').filter(Boolean).map(Number)
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text')
  },
}

/**
 * One pool for both ways in: `query` (pg, prepared statements) for what is hot, Prisma for what is rare.
 * Every connection has a statement, a lock and an idle-in-transaction timeout. Deadlocks and lock timeouts are
 * tried again three times with jitter; what the database can't do now is a ServiceUnavailableError.
 */
export class Database implements AsyncDisposable {
  readonly prisma: PrismaClient
  private readonly pool: pg.Pool

  constructor(
    connectionString: string,
    log: Log,
    observe?: (statement: string) => void,
    private readonly metrics?: Metrics,
  ) {
    this.pool = new pg.Pool({
      connectionString,
      max: poolSize,
      options: settings.map((setting) => `-c ${setting}`).join(' '),
      keepAlive: true,
      connectionTimeoutMillis: 5000,
      query_timeout: answerMilliseconds,
      idleTimeoutMillis: 30_000,
    })
    // Without a listener a restart of PostgreSQL would end the process.
    this.pool.on('error', (error) =>
      log.warn({ failure: error.message }, 'an idle database connection was lost'),
    )
    if (observe) this.pool.on('connect', (client) => observeStatements(client, observe))
    this.prisma = new PrismaClient({
      adapter: new PrismaPg(this.pool),
      transactionOptions: { maxWait: 5000, timeout: 15_000 },
    })
  }

  /** How its connections are used now, and how many wait for one. */
  get use(): {
    readonly busy: number
    readonly idle: number
    readonly limit: number
    readonly waiting: number
  } {
    const { totalCount, idleCount, waitingCount } = this.pool
    return { busy: totalCount - idleCount, idle: idleCount, limit: poolSize, waiting: waitingCount }
  }

  /** Runs a prepared statement on a connection of the pool. bigint columns come as numbers. */
  async query<Row extends object>(name: string, text: string, values: unknown[]): Promise<Row[]> {
    return this.retrying(async () => (await this.pool.query({ name, text, values, types: numberTypes })).rows)
  }

  /** Runs `work` in a transaction at READ COMMITTED; it may run again, so it must have no effects elsewhere. */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.retrying(() => this.prisma.$transaction((client) => work(client as Tx)))
  }

  /** Reads through Prisma, with the failures of this class. */
  async read<T>(work: (client: PrismaClient) => Promise<T>): Promise<T> {
    return this.retrying(() => work(this.prisma))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.prisma.$disconnect()
    await endPool(this.pool)
  }

  private async retrying<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (attempt < attempts && isRetryable(error)) {
          this.metrics?.databaseTroubles('retried')
          await sleep(Math.random() * 20 * 2 ** attempt)
        } else if (isUnavailable(error)) {
          const isContended = isRetryable(error)
          this.metrics?.databaseTroubles(isContended ? 'contended' : 'away')
          throw new ServiceUnavailableError(1, isContended)
        } else throw error
      }
    }
  }
}

/** Tells of every statement that goes over a connection, transaction control included: for tests that count. */
function observeStatements(client: pg.PoolClient, observe: (statement: string) => void): void {
  const query = client.query
  client.query = new Proxy(query, {
    apply(target, self, args: unknown[]) {
      const [statement] = args
      if (typeof statement === 'string') observe(statement)
      else if (typeof statement === 'object' && statement !== null && 'text' in statement)
        observe(String(statement.text))
      return Reflect.apply(target, self, args)
    },
  })
}
