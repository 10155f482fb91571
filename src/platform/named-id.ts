import { createHash } from 'node:crypto'

// Any UUID that only Parley takes for this.
const namespace = Buffer.from('5b1a4f0ec2d84f0e9c3a7d1e6f2b8a90', 'hex')

/** A UUID of version 5 (RFC 9562) for a name of several parts: the same parts, the same id, everywhere and always. */
export function namedId(...parts: readonly string[]): string {
  const hash = createHash('sha1').update(namespace).update(JSON.stringify(parts)).digest()
  hash.writeUInt8(0x50 | (hash.readUInt8(6) & 0x0f), 6)
  hash.writeUInt8(0x80 | (hash.readUInt8(8) & 0x3f), 8)
  const hex = hash.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
