import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { namedId } from '../../src/platform/named-id.js'
import { readJsonl } from '../../src/tools/import/jsonl.js'
import { longestLine, readLines } from '../../src/tools/import/lines.js'
import { NoScriptError, parseScript } from '../../src/tools/mts-dialog/parse.js'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-lines-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function linesOf(content: string | Buffer): Promise<(string | null)[]> {
  const file = join(directory, 'lines')
  await writeFile(file, content)
  const lines: (string | null)[] = []
  let share = 0
  for await (const line of readLines(file)) {
    expect(line.number).toBe(lines.length + 1)
    expect(line.share).toBeGreaterThanOrEqual(share)
    share = line.share
    lines.push(line.content?.toString() ?? null)
  }
  if (lines.length > 0) expect(share).toBe(1)
  return lines
}

it('gives every line, also the last one without an end, and takes the byte order mark away', async () => {
  expect(await linesOf('a\n\nb\r\nc')).toEqual(['a', '', 'b\r', 'c'])
  expect(await linesOf('a\n')).toEqual(['a'])
  expect(await linesOf('')).toEqual([])
  expect(await linesOf('\uFEFFa\n\uFEFFb\n')).toEqual(['a', '\uFEFFb'])
})

it('gives lines that lie across many chunks, and none that is too long', async () => {
  const long = 'é'.repeat(longestLine / 2)
  expect(await linesOf(`a\n${long}\n${long}x\nb\n${'y'.repeat(5 * longestLine)}\nc`)).toEqual([
    'a',
    long,
    null,
    'b',
    null,
    'c',
  ])
})

it('tells of what can’t be read by line, and passes over blank lines', async () => {
  const file = join(directory, 'faults.jsonl')
  const parts = ['\n{}\n', Buffer.from([0xff, 0x0a]), ' \r\n', `"${'x'.repeat(longestLine)}"\n`, 'null\n']
  await writeFile(file, Buffer.concat(parts.map((part) => Buffer.from(part))))
  const found: unknown[] = []
  for await (const { place, kind, ...rest } of readJsonl(file))
    found.push([place, kind, 'why' in rest ? rest.why.slice(0, 30) : null])
  expect(found).toEqual([
    ['line 2', 'refused', 'wanted is one object a line wi'],
    ['line 3', 'refused', 'it is not UTF-8'],
    ['line 5', 'refused', 'it is longer than 262144 bytes'],
    ['line 6', 'refused', 'wanted is one object a line wi'],
  ])
})

it('says in one line why a file is none of dialogues, and repeats nothing of it', () => {
  const columns = 'ID,section_header,section_text,dialogue'
  const faults = [
    ['', 'it is empty'],
    ['ID,secret\n1,2\n', 'it has no column section_header, dialogue'],
    [`${columns}\n,A,,secret\n`, 'a record has no ID'],
    [`${columns}\n1,secret\n`, 'it is not CSV (CSV_RECORD_INCONSISTENT_COLUMNS at line 2)'],
    [`${columns}\n1,A,,"secret" x\n`, 'it is not CSV (CSV_INVALID_CLOSING_QUOTE at line 2)'],
    [`${columns}\n1,A,,"secret`, 'it is not CSV (CSV_QUOTE_NOT_CLOSED at line 2)'],
    [Buffer.from(`${columns}\n1,A,,caf\u00e9\n`, 'latin1'), 'it is not UTF-8'],
  ] as const
  for (const [content, why] of faults)
    expect(() => parseScript(Buffer.from(content))).toThrow(
      new NoScriptError(`this is no file of dialogues: ${why}`),
    )
})

it('names the same things with the same UUIDs of version 5', () => {
  expect(namedId('a', 'b')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(namedId('a', 'b')).toBe(namedId('a', 'b'))
  expect(new Set([namedId('a', 'b'), namedId('ab'), namedId('a,b'), namedId('b', 'a')]).size).toBe(4)
})
