import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

/** Enough for a body of 5,000 characters with every one of them escaped, and for a group of 256. */
export const longestLine = 256 * 1024

const newline = 0x0a
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

export interface RawLine {
  readonly number: number
  /** Without its line end; null where the line is longer than longestLine. */
  readonly content: Buffer | null
  readonly bytes: number
  readonly share: number
}

/** The lines of a file, a chunk in memory at a time however long the file or a line. */
export async function* readLines(file: string): AsyncGenerator<RawLine> {
  const { size } = await stat(file)
  let number = 0
  let read = 0
  let bytes = 0
  let parts: Buffer[] | null = []
  const take = (part: Buffer) => {
    bytes += part.length
    if (bytes > longestLine) parts = null
    parts?.push(part)
  }
  const finish = (): RawLine => {
    number += 1
    read += bytes + 1
    const content = parts === null ? null : Buffer.concat(parts)
    const line = { number, content, bytes, share: Math.min(read / Math.max(size, 1), 1) }
    bytes = 0
    parts = []
    return number === 1 ? withoutMark(line) : line
  }
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
    if (!Buffer.isBuffer(chunk)) throw new Error('a file read as text')
    let from = 0
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      take(chunk.subarray(from, at))
      yield finish()
      from = at + 1
    }
    take(chunk.subarray(from))
  }
  if (bytes > 0) yield finish()
}

function withoutMark(line: RawLine): RawLine {
  const isMarked = line.content?.subarray(0, 3).equals(byteOrderMark) ?? false
  return isMarked ? { ...line, content: line.content?.subarray(3) ?? null } : line
}
