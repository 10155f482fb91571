import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isAlive, isPostgresIn } from '../process-identity.js'
import { databaseName } from './embedded.js'
import { userName } from './embedded-cluster.js'
import { choosePlace } from './embedded-user.js'

// In postmaster.pid: the process, the data directory, the start, the port …
const portLine = 3

/**
 * The connection string of the PostgreSQL that somebody else runs for this Parley data directory, as startEmbeddedPostgres
 * would give it; null where none runs.
 */
export async function findRunningPostgres(directory: string): Promise<string | null> {
  const place = await choosePlace(resolve(directory))
  const content = await readFile(join(place.data, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = content.split('\n')
  const [pid, port] = [Number(lines[0]), Number(lines[portLine])]
  if (!(pid > 0 && port > 0 && isAlive(pid) && (await isPostgresIn(pid, place.data)))) return null
  const password = await readFile(place.passwordFile, 'utf8').catch(() => null)
  return password === null ? null : `postgresql://${userName}:${password}@127.0.0.1:${port}/${databaseName}`
}
