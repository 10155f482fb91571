import { resolve } from 'node:path'
import { loadConfig } from '../config.js'
import { raiseEpoch } from '../features/stream/epoch.js'
import { findRunningPostgres } from '../platform/db/embedded-running.js'

// After a restore or a failover: makes every client fetch anew. Uses DATABASE_URL, or the database of the Parley that runs here.

try {
  const config = loadConfig(process.env)
  const connectionString =
    config.database.kind === 'url' ? config.database.url : await findRunningPostgres(resolve(config.dataDir))
  if (connectionString === null)
    throw new Error(`No Parley runs on ${config.dataDir}, and DATABASE_URL is not set.`)
  const epoch = await raiseEpoch(connectionString)
  console.log(`The epoch is ${epoch} now: every client gets a StreamReset and fetches anew.`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
