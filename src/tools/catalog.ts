import pg from 'pg'

/** What a database consists of, each thing with its definition: `column messages.id` → `uuid NOT NULL`. */
export type Catalog = ReadonlyMap<string, string>

// Prisma writes serial columns where a migration may have identity columns; both count from a sequence. An
// index of a partitioned table is described with ONLY.
const queries = [
  `SELECT 'enum ' || t.typname AS name, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) AS definition
     FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
    WHERE t.typnamespace = 'public'::regnamespace GROUP BY t.typname`,
  `SELECT 'column ' || c.relname || '.' || a.attname AS name,
          format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
     AS definition
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`,
  `SELECT 'default ' || c.relname || '.' || a.attname AS name,
          CASE WHEN a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%' THEN 'a sequence'
               ELSE pg_get_expr(d.adbin, d.adrelid) END AS definition
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND (d.oid IS NOT NULL OR a.attidentity <> '')`,
  `SELECT CASE con.contype WHEN 'p' THEN 'primary key ' ELSE 'foreign key ' END || c.relname || '.'
          || con.conname AS name, pg_get_constraintdef(con.oid) AS definition
     FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid
    WHERE c.relnamespace = 'public'::regnamespace AND con.contype IN ('p', 'f')`,
  `SELECT 'index ' || t.relname || '.' || i.relname AS name,
          replace(pg_get_indexdef(x.indexrelid), ' ON ONLY ', ' ON ') AS definition
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    WHERE t.relnamespace = 'public'::regnamespace AND x.indisvalid`,
]

/** Reads the catalog of the schema `public`. */
export async function readCatalog(connectionString: string): Promise<Catalog> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const catalog = new Map<string, string>()
    for (const query of queries) {
      const { rows } = await client.query<{ name: string; definition: string }>(query)
      for (const { name, definition } of rows) catalog.set(name, definition)
    }
    return catalog
  } finally {
    await client.end()
  }
}

/** One line for each thing of `wanted` that `actual` lacks or has otherwise; what else it has is its own. */
export function differences(wanted: Catalog, actual: Catalog): string[] {
  const lines: string[] = []
  for (const [name, definition] of wanted) {
    const found = actual.get(name)
    if (found === definition) continue
    lines.push(`${name}: schema.prisma has ${definition}, the migrations ${found ?? 'nothing'}`)
  }
  return lines.sort()
}
