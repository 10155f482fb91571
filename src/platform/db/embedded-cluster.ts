import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StartupError } from '../startup-error.js'
import type { Binaries } from './embedded-binaries.js'
import { stopLeftover } from './embedded-postmaster.js'
import type { Place } from './embedded-user.js'

/** The part of a pino logger that the embedded database needs. */
export type EmbeddedLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The superuser of every cluster of ours. */
export const userName = 'parley'

/**
 * Makes `place` hold a cluster that nobody runs and whose superuser has the returned password: makes one if
 * there is none, stops what an earlier run has left on it. A StartupError for data of another major version.
 */
export async function prepareCluster(
  place: Place,
  binaries: Binaries,
  { log, sync }: { log: EmbeddedLog; sync: boolean },
): Promise<string> {
  await refuseOtherVersion(place.data, binaries.major)
  await stopLeftover(place.data, log)
  const known = await readFile(place.passwordFile, 'utf8').catch(() => null)
  if (existsSync(join(place.data, 'PG_VERSION'))) {
    if (known !== null) return known
    await setAside(place.data, log)
  } else if (known !== null) {
    log.warn({ data: place.data }, 'the database is gone: starting with an empty one')
  }
  const password = randomBytes(24).toString('base64url')
  await initialise(place, binaries, password, sync)
  log.info({ data: place.data }, 'made a database cluster')
  return password
}

async function refuseOtherVersion(data: string, major: string): Promise<void> {
  const found = (await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => major)).trim()
  if (found === major) return
  throw new StartupError(
    `${data} is of PostgreSQL ${found} and this is ${major}: move it with pg_dump, or set PARLEY_DATA_DIR`,
  )
}

// Without its password a cluster is of no use, and its content is not either without the keys beside it
// (somebody has removed the data directory to begin anew); still it is set aside, not deleted.
async function setAside(data: string, log: EmbeddedLog): Promise<void> {
  const aside = `${data}.${new Date().toISOString().replace(/\W/g, '')}`
  await rename(data, aside)
  log.warn({ aside }, 'the data directory has no password for its database: set aside, starting anew')
}

// initdb works beside the final place, so that one that was interrupted is not taken for a cluster.
async function initialise(place: Place, binaries: Binaries, password: string, sync: boolean) {
  const unfinished = `${place.data}.new`
  const passwordFile = `${place.data}.password`
  await rm(unfinished, { recursive: true, force: true })
  await rm(passwordFile, { force: true })
  await mkdir(dirname(unfinished), { recursive: true })
  await mkdir(unfinished, { mode: 0o700 })
  await place.user.own(unfinished)
  try {
    await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' })
    await place.user.own(passwordFile)
    const flags = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${userName}`]
    if (!sync) flags.push('--no-sync')
    await run(binaries.initdb, [...flags, `--pwfile=${passwordFile}`, `--pgdata=${unfinished}`], place)
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rm(place.passwordFile, { force: true })
  await writeFile(place.passwordFile, password, { mode: 0o600, flag: 'wx' })
  await rename(unfinished, place.data)
}

function run(program: string, args: string[], place: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, args, childOptions(place), (error, _stdout, stderr) => {
      if (error === null) resolve()
      else reject(new Error(stderr.trim() || error.message))
    })
  })
}

/** How PostgreSQL's programs are run: as their user, in English, with nothing of our own environment. */
export function childOptions(place: Place) {
  return { ...place.user.spawn, cwd: place.home, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } }
}
