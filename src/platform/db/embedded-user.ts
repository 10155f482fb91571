import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StartupError } from '../startup-error.js'

/** Who runs PostgreSQL (which never runs as root), and where that user's files may lie. */
export type DatabaseUser = {
  /** For child_process: the user, where it is not our own. */
  spawn: { uid?: number; gid?: number }
  own(path: string): Promise<void>
}

export type Place = {
  user: DatabaseUser
  /** A folder that the user can enter; holds `data`. */
  home: string
  /** Where binaries are copied to if need be. */
  copies: string
  data: string
  /** Of the superuser, readable by us alone. */
  passwordFile: string
}

const systemHome = '/var/lib/parley'

const ourselves: DatabaseUser = { spawn: {}, own: async () => {} }

/**
 * Decides where the database of a Parley data directory lives, and makes the folder around it. Everybody but
 * root: inside that directory. Root: as `postgres` or `nobody` under /var/lib/parley, named after the
 * directory, since neither can enter a place like /root; or where `data` or an earlier start has put it.
 */
export async function choosePlace(directory: string, given?: string): Promise<Place> {
  const inside = join(directory, 'postgres')
  const passwordFile = join(inside, 'password')
  await mkdir(inside, { recursive: true, mode: 0o700 })
  if (process.getuid?.() !== 0) {
    const data = given ?? join(inside, 'data')
    return { user: ourselves, home: dirname(data), copies: inside, data, passwordFile }
  }
  await mkdir(systemHome, { recursive: true, mode: 0o711 })
  await chmod(systemHome, 0o711)
  const earlier = join(inside, 'data')
  if (given === undefined && existsSync(join(earlier, 'PG_VERSION'))) {
    const user = await ownerOf(earlier)
    return { user, home: inside, copies: systemHome, data: earlier, passwordFile }
  }
  const data = given ?? join(systemHome, await nameFor(directory), 'data')
  const home = dirname(data)
  await mkdir(home, { recursive: true })
  await chmod(home, 0o711)
  const user = existsSync(data) ? await ownerOf(data) : await unprivileged()
  return { user, home, copies: systemHome, data, passwordFile }
}

async function nameFor(directory: string): Promise<string> {
  return createHash('sha256')
    .update(await realpath(directory))
    .digest('hex')
    .slice(0, 16)
}

async function ownerOf(path: string): Promise<DatabaseUser> {
  const { uid, gid } = await stat(path)
  return uid === 0 ? unprivileged() : userOf(uid, gid)
}

// initdb asks the system for its user's name, so a number that nobody has would not do.
async function unprivileged(): Promise<DatabaseUser> {
  const accounts = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (Number(uid) > 0 && Number(gid) > 0) return userOf(Number(uid), Number(gid))
  }
  throw new StartupError(
    'PostgreSQL does not run as root, and there is no user postgres or nobody: start as an ordinary user',
  )
}

function userOf(uid: number, gid: number): DatabaseUser {
  return { spawn: { uid, gid }, own: (path) => chown(path, uid, gid) }
}
