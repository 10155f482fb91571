import { openBytes, type Place, sealBytes } from './envelope.js'

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
  const keyOf = (id: string, place: Place): Buffer => {
    const key = keys.get(id)
    if (!key)
      throw new Error(
        `the keyring has no key ${JSON.stringify(id)}, which wraps ${place.table} of ${place.rowId}`,
      )
    return key
  }
  return {
    current,
    wrap: async (key, place) => sealBytes(keyOf(current, place), 0, place, key),
    unwrap: async (kekId, wrapped, place) => openBytes(keyOf(kekId, place), place, wrapped),
  }
}
