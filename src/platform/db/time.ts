import type { Tx } from './database.js'

/** The database's time now, in whole milliseconds: nodes' clocks differ. To be asked after the locks. */
export async function timeOf(tx: Tx): Promise<Date> {
  const [row] = await tx.$queryRaw<
    { now: Date }[]
  >`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`
  if (!row) throw new Error('the database has no time')
  return row.now
}
