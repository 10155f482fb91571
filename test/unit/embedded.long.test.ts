import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/db/embedded.js'
import { isAlive } from '../../src/platform/process-identity.js'
import { StartupError } from '../../src/platform/startup-error.js'

const warnings: string[] = []
const log = { info() {}, warn: (_fields: object, line: string) => void warnings.push(line), error() {} }
let directory: string
let data: string

beforeEach(async () => {
  warnings.length = 0
  directory = await mkdtemp(join(tmpdir(), 'parley-embedded-'))
  await chmod(directory, 0o711)
  data = join(directory, 'cluster', 'data')
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

function start({ fsync = false } = {}): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ directory, data, log, fsync })
}

async function query(database: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.connectionString })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('makes a UTF-8 cluster that only its password opens', async () => {
  await using database = await start()
  expect(await query(database, 'SHOW server_encoding')).toEqual([{ server_encoding: 'UTF8' }])
  expect(await query(database, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }])
  const stranger = new pg.Client({
    connectionString: database.connectionString.replace(/:[^:@]+@/, ':wrong@'),
  })
  await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' })
})

test('keeps its data over a restart, and stop ends the process', async () => {
  const first = await start()
  await query(first, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()
  await first.stop()
  expect(isAlive(first.pid)).toBe(false)
  await using second = await start()
  expect(await query(second, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
})

test('stops the PostgreSQL that a killed run has left, and starts on its data', async () => {
  const { pid, kill } = await startInAnotherProcess()
  await kill()
  expect(isAlive(pid)).toBe(true)
  await using database = await start()
  expect(isAlive(pid)).toBe(false)
  expect(await query(database, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  expect(warnings).toHaveLength(1)
})

test('recovers after an immediate shutdown', async () => {
  const first = await start({ fsync: true })
  await query(first, 'CREATE TABLE kept AS SELECT 42 AS answer')
  first.killNow()
  await using second = await start({ fsync: true })
  expect(await query(second, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
})

test('clears away a pid file whose process is something else', async () => {
  const first = await start()
  const pidFile = await readFile(join(data, 'postmaster.pid'), 'utf8')
  await first.stop()
  await writeFile(join(data, 'postmaster.pid'), pidFile.replace(/^\d+/, String(process.pid)))
  await using second = await start()
  expect(await query(second, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect(warnings).toEqual([])
})

test('refuses the data of another major version with one line', async () => {
  await (await start()).stop()
  await writeFile(join(data, 'PG_VERSION'), '15\n')
  const refusal = await start().catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(StartupError)
  expect(refusal).toHaveProperty('message', expect.stringMatching(/^.*PostgreSQL 15 and this is 18.*$/))
})

test('sets a cluster without its password aside instead of deleting it', async () => {
  await (await start()).stop()
  await rm(join(directory, 'postgres'), { recursive: true })
  await using database = await start()
  expect(await query(database, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect(warnings).toEqual([expect.stringContaining('set aside')])
})

test('begins anew where initdb was interrupted', async () => {
  await (await start()).stop()
  await rm(data, { recursive: true })
  await rm(join(directory, 'postgres'), { recursive: true })
  await writeFile(`${data}.password`, 'half')
  await using database = await start()
  expect(existsSync(`${data}.password`)).toBe(false)
  expect(await query(database, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

async function startInAnotherProcess(): Promise<{ pid: number; kill(): Promise<void> }> {
  const embedded = fileURLToPath(new URL('../../src/platform/db/embedded.ts', import.meta.url))
  const script = `
    import pg from 'pg'
    import { startEmbeddedPostgres } from ${JSON.stringify(embedded)}
    const log = { info() {}, warn() {}, error() {} }
    const options = ${JSON.stringify({ directory, data })}
    const database = await startEmbeddedPostgres({ ...options, log })
    const client = new pg.Client({ connectionString: database.connectionString })
    await client.connect()
    await client.query('CREATE TABLE kept AS SELECT 42 AS answer')
    console.log(database.pid)`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    const kill = async () => {
      child.kill('SIGKILL')
      await exited
    }
    return { pid: Number(line), kill }
  }
  throw new Error('the other process ended before its database was up')
}
