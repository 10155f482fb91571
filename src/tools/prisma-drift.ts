import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startTemporaryPostgres } from '../platform/db/embedded-temporary.js'
import { migrate } from '../platform/db/migrate.js'
import { allTables, withSchemaEngine } from '../platform/db/schema-engine.js'
import { differences, readCatalog } from './catalog.js'

// Fails when prisma/schema.prisma says what the migrations do not make. The engine can't describe a live
// database through adapter-pg, so the catalogs of two are compared: one made by the migrations, one from the
// schema alone. With --print: the SQL that makes an empty database into the schema.

const schemaFile = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url))

async function sqlOfSchema(connectionString: string): Promise<string> {
  const content = await readFile(schemaFile, 'utf8')
  const result = await withSchemaEngine(connectionString, (engine) =>
    engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path: schemaFile, content }] },
      script: true,
      exitCode: null,
      filters: allTables,
    }),
  )
  if (result.stdout === null) throw new Error('the schema engine wrote no SQL')
  return result.stdout
}

async function findDrift(migrated: string): Promise<string[]> {
  await migrate({ connectionString: migrated, log: { info() {} } })
  const fromSchema = migrated.replace(/\w+$/, 'from_schema')
  const sql = await sqlOfSchema(migrated)
  await query(migrated, 'CREATE DATABASE from_schema')
  await query(fromSchema, sql)
  return differences(await readCatalog(fromSchema), await readCatalog(migrated))
}

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

await using database = await startTemporaryPostgres()
if (process.argv.includes('--print')) {
  process.stdout.write(await sqlOfSchema(database.connectionString))
} else {
  const drift = await findDrift(database.connectionString)
  for (const line of drift) process.stdout.write(`${line}\n`)
  if (drift.length > 0) process.exitCode = 1
  else process.stdout.write('prisma/schema.prisma and prisma/migrations agree\n')
}
