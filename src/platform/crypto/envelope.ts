import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const formatVersion = 1
const headerBytes = 5
const nonceBytes = 12
const tagBytes = 16

/** Where a ciphertext belongs. It is authenticated with the text: moved elsewhere, or older, it does not open. */
export interface Place {
  readonly table: string
  readonly column: string
  readonly rowId: string
  /** Null for what belongs to no conversation. */
  readonly conversationId: string | null
  readonly revision: number
}

/** A ciphertext that does not open: tampered with, moved, or sealed under another key. Names the place, never content. */
export class UnreadableError extends Error {
  constructor(readonly place: Pick<Place, 'table' | 'column' | 'rowId'>) {
    super(`${place.table}.${place.column} of ${place.rowId} does not open`)
    this.name = 'UnreadableError'
  }
}

function additionalData(place: Place, keyVersion: number): Buffer {
  const { table, column, rowId, conversationId, revision } = place
  return Buffer.from([table, column, rowId, conversationId ?? '-', revision, keyVersion].join('|'))
}

/**
 * AES-256-GCM with a random nonce: `format 1 B | key version 4 B | nonce 12 B | ciphertext | tag 16 B`.
 * A data key serves one conversation, far below the 2³² encryptions that random nonces allow.
 */
export function sealBytes(key: Buffer, keyVersion: number, place: Place, plaintext: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt8(formatVersion, 0)
  header.writeUInt32BE(keyVersion, 1)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData(place, keyVersion))
  return Buffer.concat([header, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** The version of the key that sealed this envelope. Throws UnreadableError for what is no envelope. */
export function keyVersionOf(sealed: Uint8Array, place: Place): number {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  if (bytes.length < headerBytes + nonceBytes + tagBytes || bytes.readUInt8(0) !== formatVersion) {
    throw new UnreadableError(place)
  }
  return bytes.readUInt32BE(1)
}

/** Opens an envelope in its place. Throws UnreadableError, never gives wrong text. */
export function openBytes(key: Buffer, place: Place, sealed: Uint8Array): Buffer {
  const keyVersion = keyVersionOf(sealed, place)
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  const nonce = bytes.subarray(headerBytes, headerBytes + nonceBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    .setAAD(additionalData(place, keyVersion))
    .setAuthTag(bytes.subarray(-tagBytes))
  try {
    return Buffer.concat([
      decipher.update(bytes.subarray(headerBytes + nonceBytes, -tagBytes)),
      decipher.final(),
    ])
  } catch {
    throw new UnreadableError(place)
  }
}
