import { rmSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedOptions, type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.js'

const silent = { info() {}, warn() {}, error() {} }

/**
 * An embedded PostgreSQL that gives durability up for speed and lies in a temporary folder, which goes when
 * it stops: for tests and tools. `killNow` tries to remove it at once.
 */
export async function startTemporaryPostgres(
  options: Partial<Pick<EmbeddedOptions, 'log' | 'onLine' | 'settings'>> = {},
): Promise<EmbeddedPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-postgres-'))
  // Others may pass through: as root, PostgreSQL runs as another user.
  await chmod(directory, 0o711)
  const remove = () => rm(directory, { recursive: true, force: true })
  try {
    const data = join(directory, 'cluster', 'data')
    const database = await startEmbeddedPostgres({ log: silent, ...options, directory, data, fsync: false })
    const stop = async () => {
      await database.stop()
      await remove()
    }
    const killNow = () => {
      database.killNow()
      try {
        rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
      } catch {
        // PostgreSQL is still ending there; the folder is a temporary one.
      }
    }
    return { ...database, stop, killNow, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await remove()
    throw error
  }
}
