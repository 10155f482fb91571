import { execFile } from 'node:child_process'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../src/platform/free-port.js'

const run = promisify(execFile)
const installed = '/usr/lib/postgresql'

/** A cluster of the distribution's PostgreSQL, which brings what an operator has: pg_dump and pg_restore. */
export interface DistributionPostgres {
  /** Of a database of the cluster. */
  url(database: string): string
  /** Runs one of its programs against a database. */
  tool(name: string, args: readonly string[]): Promise<string>
  /** Goes away at once, as when its machine does; and comes back. */
  goDown(): Promise<void>
  comeUp(): Promise<void>
  stop(): Promise<void>
}

/** Starts one on a free port. Throws where the distribution's PostgreSQL is not installed. */
export async function startDistributionPostgres(): Promise<DistributionPostgres> {
  const versions = await readdir(installed).catch((): string[] => [])
  const version = versions.sort((a, b) => Number(b) - Number(a))[0]
  if (version === undefined) throw new Error('PostgreSQL is missing: apt-get install postgresql')
  const bin = join(installed, version, 'bin')
  const directory = await mkdtemp(join(tmpdir(), 'parley-distribution-'))
  const port = await freePort()
  // PostgreSQL does not run as root.
  const isRoot = process.getuid?.() === 0
  const ids: { uid?: number; gid?: number } = isRoot ? await idsOf('postgres') : {}
  if (ids.uid !== undefined && ids.gid !== undefined) await chown(directory, ids.uid, ids.gid)
  const own = (name: string, args: readonly string[]) =>
    run(join(bin, name), [...args], { ...ids, cwd: directory })
  const data = join(directory, 'data')
  await own('initdb', ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'])
  const options = `-p ${port} -k ${directory} -c listen_addresses=127.0.0.1 -c fsync=off`
  const comeUp = async () => {
    await own('pg_ctl', ['-D', data, '-o', options, '-l', join(directory, 'log'), '-w', 'start'])
  }
  const goDown = async () => {
    await own('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop'])
  }
  await comeUp()
  const url = (database: string) => `postgresql://postgres@127.0.0.1:${port}/${database}`
  return {
    url,
    tool: async (name, args) => (await own(name, args)).stdout,
    goDown,
    comeUp,
    stop: async () => {
      await goDown()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)),
  )
  if (uid === undefined || gid === undefined) throw new Error(`there is no user ${user}`)
  return { uid, gid }
}
