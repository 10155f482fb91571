import { createHmac, timingSafeEqual } from 'node:crypto'

const macBytes = 12
/** A cursor of a list by name holds the name. */
const maxLength = 4096

/**
 * Opaque cursors: a scope's numbers and texts, authenticated by a key that all nodes share. One that was forged,
 * or made for another scope (another person's stream, another conversation's messages), does not decode.
 * The same place always has the same cursor.
 */
export class Cursors {
  constructor(private readonly key: Buffer) {}

  encode(scope: string, values: readonly (string | number)[]): string {
    const payload = Buffer.from(values.join('~'))
    return Buffer.concat([this.mac(scope, payload), payload]).toString('base64url')
  }

  /** The values as texts, or null for what this key did not sign for this scope. */
  decode(scope: string, cursor: string): string[] | null {
    if (cursor.length > maxLength || !/^[\w-]+$/.test(cursor)) return null
    const bytes = Buffer.from(cursor, 'base64url')
    if (bytes.length <= macBytes || bytes.toString('base64url') !== cursor) return null
    const payload = bytes.subarray(macBytes)
    if (!timingSafeEqual(bytes.subarray(0, macBytes), this.mac(scope, payload))) return null
    return payload.toString().split('~')
  }

  private mac(scope: string, payload: Buffer): Buffer {
    return createHmac('sha256', this.key)
      .update(scope)
      .update('\0')
      .update(payload)
      .digest()
      .subarray(0, macBytes)
  }
}
