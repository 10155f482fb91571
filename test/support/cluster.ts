import { appendFileSync } from 'node:fs'
import pg from 'pg'
import { describe, inject } from 'vitest'
import type {} from './provided.js'

/** A migrated database of one test file's own. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string
  readonly connectionString: string
  /** Ends the connections that are left, and drops it. */
  drop(): Promise<void>
}

let created = 0

/** The superuser's connection to a database of the run's cluster: `postgres` unless told. */
export function databaseUrl(name = 'postgres'): string {
  return inject('parley').adminUrl.replace(/\w+$/, name)
}

/** The run's Redis; null where the machine has none (see describeWithRedis). */
export function redisUrl(): string | null {
  return inject('parley').redisUrl
}

/** Copies the migrated template: 20 to 80 ms. */
export function createDatabase(): Promise<TestDatabase> {
  return createFrom(inject('parley').templateName)
}

/** A database that nobody has migrated. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createFrom('template0')
}

async function createFrom(template: string): Promise<TestDatabase> {
  created += 1
  const name = `test_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}_${Date.now()}_${created}`
  await asAdmin((admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`))
  const drop = () => dropDatabase(name)
  return { name, connectionString: databaseUrl(name), drop, [Symbol.asyncDispose]: drop }
}

/** Ends the connections that are left to a database and drops it; one that is gone already is fine. */
export async function dropDatabase(name: string): Promise<void> {
  await asAdmin((admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
}

/** A `describe` that is given the run's Redis, or is skipped, and counted at the end, where there is none. */
export function describeWithRedis(name: string, define: (url: string) => void): void {
  const { redisUrl: url, skippedFile } = inject('parley')
  if (url === null) appendFileSync(skippedFile, `${name}\n`)
  describe.skipIf(url === null)(name, () => define(url ?? 'redis://127.0.0.1:1'))
}

async function asAdmin(use: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: databaseUrl() })
  await admin.connect()
  try {
    await use(admin)
  } finally {
    await admin.end()
  }
}
