import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartupError } from './startup-error.js'

/** The keys and secret of an unconfigured start, in its data directory. For trying and developing only. */
export interface LocalFiles {
  readonly secret: () => Promise<string>
  readonly keyring: () => Promise<{ readonly current: string; readonly keys: ReadonlyMap<string, Buffer> }>
}

/** Reads them, and makes what is not there yet, readable for their owner alone. */
export function localFiles(dataDir: string): LocalFiles {
  return {
    secret: () => readOrMake(dataDir, 'jwt-secret', () => randomBytes(48).toString('base64url')),
    keyring: async () => {
      const text = await readOrMake(dataDir, 'keyring.json', () =>
        JSON.stringify({ current: 'local-1', keys: { 'local-1': randomBytes(32).toString('base64') } }),
      )
      return parseKeyring(text, join(dataDir, 'keyring.json'))
    },
  }
}

async function readOrMake(dataDir: string, name: string, make: () => string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const file = join(dataDir, name)
  await writeFile(file, make(), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return (await readFile(file, 'utf8')).trim()
}

function parseKeyring(text: string, file: string): { current: string; keys: Map<string, Buffer> } {
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed === 'object' && parsed !== null && 'current' in parsed && 'keys' in parsed) {
    const { current, keys } = parsed
    if (typeof current === 'string' && typeof keys === 'object' && keys !== null) {
      return {
        current,
        keys: new Map(Object.entries(keys).map(([id, key]) => [id, Buffer.from(String(key), 'base64')])),
      }
    }
  }
  throw new StartupError(`${file} is no keyring.`)
}
