import { StartupError } from '../startup-error.js'
import { openBytes, type Place, sealBytes, UnreadableError } from './envelope.js'

/** Wraps data keys. A file's keyring and a key management service look alike from here. */
export interface KeyEncryption {
  /** The id of the key-encryption key that wraps new keys. */
  readonly current: string
  wrap(key: Buffer, place: Place): Promise<Buffer>
  /** Throws UnreadableError when the key-encryption key is gone or the wrapped key was tampered with. */
  unwrap(kekId: string, wrapped: Uint8Array, place: Place): Promise<Buffer>
}

/** The key-encryption keys of `KEYRING_FILE`, or of the file that the unconfigured start makes. */
export function fileKeyring(current: string, keys: ReadonlyMap<string, Buffer>): KeyEncryption {
  const currentKey = keys.get(current)
  if (!currentKey) throw new StartupError('The keyring has no key of the id that it names as current.')
  return {
    current,
    wrap: async (key, place) => sealBytes(currentKey, 0, place, key),
    unwrap: async (kekId, wrapped, place) => {
      const key = keys.get(kekId)
      if (!key) throw new UnreadableError(place)
      return openBytes(key, place, wrapped)
    },
  }
}
