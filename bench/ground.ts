import { rmSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/db/embedded.js'
import { Child, freePort } from './children.js'
import { describeMachine } from './machine.js'

/** What both servers stand on: one PostgreSQL with a database for each, one Redis, one temporary folder. */
export interface Ground {
  readonly directory: string
  readonly parleyDatabase: string
  readonly floorDatabase: string
  readonly redis: string
  readonly processes: { readonly postgres: number; readonly redis: number }
  /** What figures taken here were taken on. */
  readonly description: string
  /** Statistics and a checkpoint, as a database in use has had: plans made for empty tables cost twice as much. */
  settle(): Promise<void>
  query(database: 'parley' | 'floor', sql: string): Promise<Record<string, unknown>[]>
  stop(): Promise<void>
}

// As durable as in production: fsync, synchronous commit and full pages stay on. Sizes for a small server.
const settings = { shared_buffers: '512MB', max_wal_size: '4GB' }
const watching = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  track_functions: 'all',
}
const quiet = {
  info() {},
  warn() {},
  error: (fields: object, message: string) => console.error(message, fields),
}

export async function startGround(profiling: boolean): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  // Others may pass through: as root, PostgreSQL runs as another user.
  await chmod(directory, 0o711)
  const postgres = await startEmbeddedPostgres({
    directory,
    data: join(directory, 'cluster', 'data'),
    settings: profiling ? { ...settings, ...watching } : settings,
    log: quiet,
  })
  process.once('exit', () => {
    postgres.killNow()
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  const redis = await startRedis(directory)
  const databases = { parley: postgres.connectionString, floor: floorOf(postgres) }
  await query(databases.parley, 'CREATE DATABASE floor')
  const [version] = await query(databases.parley, 'SHOW server_version')
  return {
    directory,
    parleyDatabase: databases.parley,
    floorDatabase: databases.floor,
    redis: redis.url,
    processes: { postgres: postgres.pid, redis: redis.child.pid },
    description: `${describeMachine()}, PostgreSQL ${version?.server_version} (fsync on)`,
    settle: async () => {
      for (const database of Object.values(databases)) await query(database, 'ANALYZE')
      await query(databases.parley, 'CHECKPOINT')
    },
    query: (database, sql) => query(databases[database], sql),
    stop: async () => {
      await redis.child.stop()
      await postgres.stop()
    },
  }
}

function floorOf(postgres: EmbeddedPostgres): string {
  const url = new URL(postgres.connectionString)
  url.pathname = '/floor'
  return url.href
}

async function query(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const { rows } = await client.query<Record<string, unknown>>(sql)
  await client.end()
  return rows
}

async function startRedis(directory: string): Promise<{ url: string; child: Child }> {
  const port = String(await freePort())
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory]
  const child = new Child('redis-server', args)
  const url = `redis://127.0.0.1:${port}`
  await child.waitUntil(async () => {
    const probe = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
    probe.on('error', () => undefined)
    await probe.connect()
    await probe.quit()
    return true
  })
  return { url, child }
}
