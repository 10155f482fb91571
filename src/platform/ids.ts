import { randomFillSync } from 'node:crypto'

let lastMillisecond = 0
let counter = 0
// One call for random bytes serves many ids.
const pool = Buffer.alloc(16 * 256)
let used = pool.length

/**
 * A UUID of version 7 (RFC 9562): 48 bits of milliseconds, a 12-bit counter that keeps ids of one process and
 * millisecond in rising order, 62 random bits. Made here rather than by `uuidv7()`, which only PostgreSQL 18 has.
 */
export function newId(): string {
  const now = Date.now()
  if (now > lastMillisecond) {
    lastMillisecond = now
    counter = 0
  } else if (++counter > 0xfff) {
    lastMillisecond += 1
    counter = 0
  }
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = Buffer.from(pool.subarray(used, used + 16))
  used += 16
  bytes.writeUIntBE(lastMillisecond, 0, 6)
  bytes.writeUInt16BE(0x7000 | counter, 6)
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether a text is a UUID in the lower-case form in which PostgreSQL gives it back. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text)
}
