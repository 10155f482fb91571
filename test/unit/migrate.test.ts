import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate, pendingMigrations } from '../../src/platform/db/migrate.js'
import { StartupError } from '../../src/platform/startup-error.js'
import { databaseUrl, dropDatabase } from '../support/cluster.js'

const log = { info() {} }
const name = `migrate_${process.pid}`
const connectionString = databaseUrl(name)
const withFunction = `
  -- a comment; with a semicolon
  CREATE FUNCTION add_one(a int) RETURNS int LANGUAGE plpgsql AS $$
  BEGIN
    a := a + 1; -- it's
    RETURN a;
  END $$;
  CREATE TABLE numbers (n int DEFAULT add_one(1));`
let migrationsDir: string

beforeEach(async () => {
  migrationsDir = await mkdtemp(join(tmpdir(), 'parley-migrations-'))
  await writeFile(join(migrationsDir, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await query(databaseUrl(), `CREATE DATABASE ${name}`)
})

afterEach(async () => {
  await dropDatabase(name)
  await rm(migrationsDir, { recursive: true, force: true })
})

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

async function write(migration: string, sql: string): Promise<void> {
  await mkdir(join(migrationsDir, migration), { recursive: true })
  await writeFile(join(migrationsDir, migration, 'migration.sql'), sql)
}

test('function bodies arrive whole, and nodes that start together migrate once', async () => {
  await write('1_functions', withFunction)
  await write('2_more', 'CREATE TABLE more (id int)')
  expect(await pendingMigrations(connectionString, migrationsDir)).toEqual(['1_functions', '2_more'])
  const nodes = [1, 2, 3].map(() => migrate({ connectionString, migrationsDir, log }))
  expect((await Promise.all(nodes)).flat()).toEqual(['1_functions', '2_more'])
  expect(await pendingMigrations(connectionString, migrationsDir)).toEqual([])
  expect(await query(connectionString, 'SELECT add_one(1)')).toEqual([{ add_one: 2 }])
})

test('a schema newer than the program is not pending', async () => {
  await write('1_functions', withFunction)
  await write('2_more', 'CREATE TABLE more (id int)')
  await migrate({ connectionString, migrationsDir, log })
  await rm(join(migrationsDir, '2_more'), { recursive: true })
  expect(await pendingMigrations(connectionString, migrationsDir)).toEqual([])
  expect(await migrate({ connectionString, migrationsDir, log })).toEqual([])
})

test('what fails leaves nothing behind and is refused until it is to be tried again', async () => {
  await write('1_broken', 'CREATE TABLE half (id int); SELECT nothing_of_the_kind()')
  const attempt = () => migrate({ connectionString, migrationsDir, log }).catch((error: unknown) => error)
  const failure = await attempt()
  expect(failure).toBeInstanceOf(StartupError)
  expect(failure).toHaveProperty('message', expect.stringMatching(/^.*1_broken.*nothing_of_the_kind.*$/))
  expect(await query(connectionString, `SELECT to_regclass('half') AS half`)).toEqual([{ half: null }])
  await write('1_broken', 'CREATE TABLE half (id int)')
  expect(await attempt()).toBeInstanceOf(StartupError)
  expect(await pendingMigrations(connectionString, migrationsDir)).toEqual(['1_broken'])
  expect(await migrate({ connectionString, migrationsDir, log, retryUnfinished: true })).toEqual(['1_broken'])
})
