import { readFile } from 'node:fs/promises'
import { parse as parsePath } from 'node:path'
import type { ImportRecord } from '../../features/history/records.js'
import { groupBy } from '../../platform/group-by.js'
import { type Dialogue, parseScript, type Script } from '../mts-dialog/parse.js'
import type { Entry } from './entries.js'
import { recordsOf } from './mts-records.js'

const reasons = new Map<string, string>([
  ['blank turn, skipped', 'a turn without words'],
  ['blank line, skipped', 'a blank line'],
  ['no label, skipped', 'no label'],
])

export interface MtsFile {
  /** Who speaks under which label. */
  readonly mapping: readonly string[]
  readonly entries: AsyncIterable<Entry>
}

/**
 * Reads a file of MTS-Dialog as it is; turns without words and lines without label and colon are skipped. Throws
 * NoScriptError.
 */
export async function readMtsDialog(file: string): Promise<MtsFile> {
  const script = parseScript(await readFile(file), 'labelled')
  return { mapping: describeMapping(script), entries: entriesOf(script, parsePath(file).name) }
}

async function* entriesOf(script: Script, fileName: string): AsyncGenerator<Entry> {
  const remarks = groupBy(script.remarks, (remark) => remark.dialogue)
  const made = new Set<string>()
  let line = 0
  for (const [index, dialogue] of script.dialogues.entries()) {
    const at = (place: number | null) => {
      line += 1
      const of = `dialogue ${dialogue.id}`
      const share = (index + 1) / script.dialogues.length
      return { line, place: place === null ? of : `${of}, line ${place}`, share }
    }
    for (const { kind, line: place } of remarks.get(dialogue.id) ?? []) {
      const why = reasons.get(kind)
      if (why !== undefined) yield { ...at(place), bytes: 0, kind: 'skipped', why }
    }
    for (const { place, record } of recordsOf(dialogue, fileName)) {
      // The doctor is the same one in all of them.
      if (record.type === 'person' && made.has(record.person.externalId)) continue
      if (record.type === 'person') made.add(record.person.externalId)
      yield { ...at(place), bytes: bytesOf(record), kind: 'record', record }
    }
  }
}

function bytesOf(record: ImportRecord): number {
  return record.type === 'message' ? record.message.body.length : 0
}

function describeMapping({ spellings, dialogues }: Script): string[] {
  const groups = dialogues.filter(isGroup).length
  const sorted = [...spellings].sort((a, b) => b.turns - a.turns)
  return [
    `${dialogues.length} dialogues: ${dialogues.length - groups} DIRECT, ${groups} GROUP (further speakers)`,
    ...sorted.map(
      ({ label, person, turns }) => `  ${label} → ${person.role} "${person.key}" (${turns} turns)`,
    ),
  ]
}

function isGroup(dialogue: Dialogue): boolean {
  return dialogue.cast.length > 2
}
