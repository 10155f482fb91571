import { OperatorConnection } from '../../platform/db/operator-connection.js'

interface Partition {
  readonly name: string
  /** Another run was interrupted while it took this one out. */
  readonly isPending: boolean
}

/**
 * Drops the partitions of `updates` that hold nothing younger than so many days; returns their names. Streams go on: whoever
 * comes back with a cursor from before gets a StreamReset. Taken out concurrently, so that nobody waits for it; interrupted,
 * the next run finishes it.
 */
export async function trimUpdates(connectionString: string, retentionDays: number): Promise<string[]> {
  const connection = await OperatorConnection.open(connectionString)
  try {
    // One at a time; who comes second leaves it to the first.
    if (!(await connection.tryLock('parley:trim'))) return []
    const partitions = await connection.query<Partition>(
      'old-partitions',
      `SELECT c.relname AS name, i.inhdetachpending AS "isPending"
         FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'updates'::regclass
          AND (i.inhdetachpending OR
               (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''([^'']+)''\\)'))[1]::timestamptz
                 <= clock_timestamp() - make_interval(days => $1))
        ORDER BY c.relname`,
      [retentionDays],
    )
    for (const { name, isPending } of partitions) {
      const table = `"${name.replaceAll('"', '""')}"`
      await connection.run(
        `ALTER TABLE updates DETACH PARTITION ${table} ${isPending ? 'FINALIZE' : 'CONCURRENTLY'}`,
      )
      await connection.run(`DROP TABLE ${table}`)
    }
    // What a run that was killed between the two steps has left.
    const detached = await connection.query<{ name: string }>(
      'detached-partitions',
      `SELECT c.relname AS name FROM pg_class c
        WHERE c.relkind = 'r' AND pg_table_is_visible(c.oid) AND c.relname ~ '^updates_\\d{4}w\\d{2}$'
          AND NOT EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = c.oid)`,
      [],
    )
    for (const { name } of detached) await connection.run(`DROP TABLE "${name}"`)
    return [...partitions, ...detached].map(({ name }) => name)
  } finally {
    await connection[Symbol.asyncDispose]()
  }
}
