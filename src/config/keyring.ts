import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** The key-encryption keys of a keyring file; `current` wraps what is new, the others still open what is old. */
export interface Keyring {
  readonly current: string
  readonly keys: ReadonlyMap<string, Buffer>
}

const keyringShape = z.object({
  current: z.string(),
  keys: z.record(z.string(), z.string()),
})

const SHAPE = '{ "current": id, "keys": { id: base64 of 32 bytes } }'

/** Reads a keyring file; appends to `faults` what is wrong with it, which never quotes what the file holds. */
export function readKeyring(path: string, faults: string[]): Keyring | undefined {
  const fault = (wrong: string): undefined => {
    faults.push(`KEYRING_FILE: ${wrong}; wanted a JSON file ${SHAPE}`)
  }
  const content = readContent(path)
  if ('failure' in content) return fault(`${JSON.stringify(path)} cannot be read (${content.failure})`)
  const parsed = keyringShape.safeParse(content.json)
  if (!parsed.success) return fault('the file does not have the shape')

  const { current } = parsed.data
  const entries = Object.entries(parsed.data.keys)
  if (!entries.every(([id]) => /^[\w.-]{1,64}$/.test(id))) {
    return fault('an id is not 1 to 64 letters, digits, dots, hyphens or underscores')
  }
  const keys = new Map(entries.map(([id, base64]) => [id, Buffer.from(base64, 'base64')]))
  const broken = entries.filter(([id, base64]) => {
    const key = keys.get(id)
    return key?.length !== 32 || key.toString('base64') !== base64
  })
  if (broken.length > 0) {
    return fault(`not base64 of exactly 32 bytes under ${broken.map(([id]) => `"${id}"`).join(', ')}`)
  }
  if (!keys.has(current)) return fault('"current" names none of the keys')
  return { current, keys: refuseWrites(keys) }
}

// The message of JSON.parse quotes the text, and the text is keys.
function readContent(path: string): { readonly json: unknown } | { readonly failure: string } {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return { failure: error instanceof Error && 'code' in error ? String(error.code) : 'unreadable' }
  }
  try {
    return { json: JSON.parse(text) }
  } catch {
    return { failure: 'not JSON' }
  }
}

// Object.freeze leaves a Map's entries open.
function refuseWrites<K, V>(map: Map<K, V>): ReadonlyMap<K, V> {
  const refuse = (): never => {
    throw new TypeError('The configuration is frozen')
  }
  return Object.freeze(Object.assign(map, { set: refuse, delete: refuse, clear: refuse }))
}
