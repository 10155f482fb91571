import { OperatorConnection } from '../../platform/db/operator-connection.js'

/**
 * Raises the deployment's epoch: after a restore, or a failover that lost commits, positions may have been given again. Every
 * client then gets a StreamReset and refetches; those that are connected within about a second. Returns the new epoch.
 */
export async function raiseEpoch(connectionString: string): Promise<number> {
  const connection = await OperatorConnection.open(connectionString)
  try {
    const [row] = await connection.query<{ epoch: number }>(
      'raise-epoch',
      'UPDATE deployment SET epoch = epoch + 1, changed_at = clock_timestamp() RETURNING epoch',
      [],
    )
    if (!row) throw new Error('the deployment has no row')
    return row.epoch
  } finally {
    await connection[Symbol.asyncDispose]()
  }
}
