import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/platform/db/embedded.js'
import { prepareDatabase } from '../../../src/platform/db/prepare.js'
import { createLog } from '../../../src/platform/log.js'
import { isAlive } from '../../../src/platform/process-identity.js'
import { until } from '../../support/parley-process.js'

const silent = { info() {}, warn() {}, error() {} }

/**
 * A PostgreSQL that can be shut down at once and started again, on another port each time. A commit is in the kernel before it is
 * acknowledged, so it outlives every end of the process; only a crash of the machine would lose it, which is not tried here.
 */
export class CrashablePostgres implements AsyncDisposable {
  private constructor(
    private readonly directory: string,
    private server: EmbeddedPostgres,
  ) {}

  static async start(): Promise<CrashablePostgres> {
    const directory = await mkdtemp(join(tmpdir(), 'parley-faults-'))
    // Others may pass through: as root, PostgreSQL runs as another user.
    await chmod(directory, 0o711)
    const postgres = new CrashablePostgres(directory, await launch(directory))
    process.once('exit', postgres.killNow)
    try {
      await prepareDatabase(postgres.connectionString, createLog({ level: 'warn' }))
      return postgres
    } catch (error) {
      await postgres[Symbol.asyncDispose]()
      throw error
    }
  }

  /** As it is now: another one after a restart. */
  get connectionString(): string {
    return this.server.connectionString
  }

  get port(): number {
    return Number(new URL(this.connectionString).port)
  }

  get pid(): number {
    return this.server.pid
  }

  /** The same through somebody else's port. */
  connectionStringAt(port: number): string {
    const url = new URL(this.connectionString)
    url.port = String(port)
    return url.href
  }

  /** An immediate shutdown: every connection ends, no transaction that is open commits. */
  async crash(): Promise<void> {
    const { pid } = this.server
    this.server.killNow()
    await until(() => !isAlive(pid), 'the end of PostgreSQL')
  }

  /** Starts it again after a crash; it recovers from its log. */
  async recover(): Promise<void> {
    this.server = await launch(this.directory)
  }

  /** A superuser's connection past all proxies, for the time of `use`. What PostgreSQL ends under it is no failure of the test. */
  async asAdmin<T>(use: (admin: pg.Client) => Promise<T>): Promise<T> {
    const admin = new pg.Client({ connectionString: this.connectionString })
    admin.on('error', () => {})
    await admin.connect()
    try {
      return await use(admin)
    } finally {
      await admin.end().catch(() => {})
    }
  }

  readonly killNow = () => this.server.killNow()

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.killNow)
    await this.server.stop()
    await rm(this.directory, { recursive: true, force: true })
  }
}

function launch(directory: string): Promise<EmbeddedPostgres> {
  const data = join(directory, 'cluster', 'data')
  const settings = { synchronous_commit: 'on', max_connections: '200', log_checkpoints: 'off' }
  return startEmbeddedPostgres({ directory, data, log: silent, fsync: false, settings })
}
