import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startTemporaryPostgres } from '../../src/platform/db/embedded-temporary.js'
import { prepareDatabase } from '../../src/platform/db/prepare.js'
import { createLog } from '../../src/platform/log.js'
import type {} from './provided.js'
import { startRedisServer } from './redis-server.js'
import { startWatchdog } from './watchdog.js'

const templateName = 'parley_template'
const getRedis = '`apt-get install redis-server` or `brew install redis`'

/**
 * One PostgreSQL cluster with a migrated template database, and one Redis, for the whole run; both end with
 * it, also when it is killed. With CI=true a missing redis-server fails the run.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedisServer()
  if (redis === null && process.env.CI === 'true') {
    throw new Error(`redis-server is missing, and this is CI: install it with ${getRedis}`)
  }
  const directory = await mkdtemp(join(tmpdir(), 'parley-tests-'))
  const skippedFile = join(directory, 'skipped')
  await writeFile(skippedFile, '')
  const postgres = await startTemporaryPostgres({
    settings: { max_connections: '400', log_checkpoints: 'off' },
  })
  const killNow = () => {
    redis?.killNow()
    postgres.killNow()
  }
  process.once('exit', killNow)
  const callOff = startWatchdog({
    postgresPid: postgres.pid,
    redisPid: redis?.pid ?? null,
    directories: [directory, dirname(dirname(postgres.data))],
  })
  const adminUrl = postgres.connectionString.replace(/\w+$/, 'postgres')
  await makeTemplate(adminUrl)
  project.provide('parley', { adminUrl, templateName, redisUrl: redis?.url ?? null, skippedFile })
  return async () => {
    reportSkipped(skippedFile)
    callOff()
    await Promise.all([redis?.stop(), postgres.stop()])
    process.off('exit', killNow)
    await rm(directory, { recursive: true, force: true })
  }
}

// Closed to connections, since one would stand in the way of every CREATE DATABASE that copies it.
async function makeTemplate(adminUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  try {
    await admin.query(`CREATE DATABASE ${templateName}`)
    const connectionString = adminUrl.replace(/\w+$/, templateName)
    await prepareDatabase(connectionString, createLog({ level: 'warn' }))
    await admin.query(`ALTER DATABASE ${templateName} IS_TEMPLATE true ALLOW_CONNECTIONS false`)
  } finally {
    await admin.end()
  }
}

function reportSkipped(skippedFile: string): void {
  const names = readFileSync(skippedFile, 'utf8').split('\n').filter(Boolean)
  if (names.length === 0) return
  const suites = names.length === 1 ? '1 suite' : `${names.length} suites`
  process.stderr.write(
    `Skipped for want of Redis: ${suites} (${names.join('; ')}); get it with ${getRedis}\n`,
  )
}
