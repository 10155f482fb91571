import type { World } from './world.js'

/** How many rows each table holds. The record of who did what is left out: refusals are in it. */
export async function countRows(world: World): Promise<Record<string, number>> {
  const tables = await world.sql<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname NOT IN ('audit_events', '_prisma_migrations') ORDER BY c.relname`,
  )
  const counts = tables.map(({ name }) => `SELECT '${name}' AS name, count(*)::int AS count FROM "${name}"`)
  const rows = await world.sql<{ name: string; count: number }>(counts.join(' UNION ALL '))
  return Object.fromEntries(rows.map((row) => [row.name, row.count]))
}

/** Every value of every text and bytea column, as bytes: what somebody with the disk would read. */
export async function everythingStored(world: World): Promise<Map<string, Buffer[]>> {
  const columns = await world.sql<{ schema: string; name: string; attribute: string; type: string }>(
    `SELECT n.nspname AS schema, c.relname AS name, a.attname AS attribute, format_type(a.atttypid, NULL) AS type
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE n.nspname IN ('public', 'graphile_worker') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND format_type(a.atttypid, NULL) IN ('text', 'bytea', 'json', 'jsonb', 'character varying', 'text[]')`,
  )
  const stored = new Map<string, Buffer[]>()
  for (const { schema, name, attribute, type } of columns) {
    const bytes = type === 'bytea' ? `"${attribute}"` : `convert_to("${attribute}"::text, 'UTF8')`
    const rows = await world.sql<{ bytes: Buffer }>(
      `SELECT ${bytes} AS bytes FROM "${schema}"."${name}" WHERE "${attribute}" IS NOT NULL`,
    )
    stored.set(
      `${schema}.${name}.${attribute}`,
      rows.map((row) => row.bytes),
    )
  }
  return stored
}
