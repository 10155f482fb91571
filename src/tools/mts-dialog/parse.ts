import { CsvError, parse } from 'csv-parse/sync'
import { z } from 'zod'
import { type Person, personOf } from './mapping.js'

export interface Turn {
  readonly line: number
  readonly speaker: string
  readonly body: string
}

export interface Dialogue {
  readonly id: string
  readonly section: string
  /** Everybody who takes part, the silent ones too: there is always a doctor and a patient. */
  readonly cast: readonly Person[]
  readonly turns: readonly Turn[]
}

/** Those that come up where everything is read. */
export const remarkKinds = [
  'blank turn, skipped',
  'blank line, skipped',
  'no label: added to the turn before',
  'no label and no turn before: not sent',
  'label ends with a full stop',
  'misspelt label',
] as const

/** What was found in the file that is not as it should be, and what became of it. */
export interface Remark {
  readonly kind: (typeof remarkKinds)[number] | 'no label, skipped'
  readonly dialogue: string
  readonly line: number
  readonly text: string
}

/** A label as it is spelt in the file, for whom it stands, and how many turns begin with it. */
export interface Spelling {
  readonly label: string
  readonly person: Person
  readonly turns: number
}

export interface Script {
  readonly dialogues: readonly Dialogue[]
  readonly spellings: readonly Spelling[]
  readonly remarks: readonly Remark[]
}

export const turnsIn = (script: Script) =>
  script.dialogues.reduce((sum, dialogue) => sum + dialogue.turns.length, 0)

const row = z.object({ ID: z.string().min(1), section_header: z.string(), dialogue: z.string() })
const rows = z.array(row)

/**
 * What becomes of a line without label and colon. `everything`: it goes on with the turn before, and a full stop is
 * forgiven for the colon, so that no word is lost. `labelled`: it is skipped.
 */
export type Reading = 'everything' | 'labelled'

const notDialogues = 'this is no file of dialogues'

/** A file that is not of this kind; the message is one line, and quotes nothing of the file. */
export class NoScriptError extends Error {
  override readonly name = 'NoScriptError'
}

/** Reads UTF-8 CSV with the columns ID, section_header and dialogue; throws NoScriptError on anything else. */
export function parseScript(file: Uint8Array, reading: Reading = 'everything'): Script {
  const found = rows.safeParse(parseCsv(textOf(file)))
  // The columns are there, and as many in each record: only an ID can be wanting.
  if (!found.success) throw new NoScriptError(`${notDialogues}: a record has no ID`)
  const remarks: Remark[] = []
  const spellings = new Map<string, Spelling>()
  const times = new Map<string, number>()
  const dialogues = found.data.map((row) => {
    const nth = (times.get(row.ID) ?? 0) + 1
    times.set(row.ID, nth)
    const id = nth === 1 ? row.ID : `${row.ID}.${nth}`
    const note = { remarks, spellings, reading }
    return { id, section: row.section_header, ...parseTurns(id, row.dialogue, note) }
  })
  return { dialogues, spellings: [...spellings.values()], remarks }
}

function textOf(file: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(file)
  } catch (error) {
    throw new NoScriptError(`${notDialogues}: it is not UTF-8`, { cause: error })
  }
}

function parseCsv(text: string): unknown {
  const columns = (names: string[]) => {
    const missing = Object.keys(row.shape).filter((name) => !names.includes(name))
    if (missing.length === 0) return names
    throw new NoScriptError(`${notDialogues}: it has no column ${missing.join(', ')}`)
  }
  if (text.trim() === '') throw new NoScriptError(`${notDialogues}: it is empty`)
  try {
    return parse(text, { columns, recordDelimiter: ['\r\n', '\n'], skipEmptyLines: true })
  } catch (error) {
    // Its message quotes the file.
    if (!(error instanceof CsvError)) throw error
    const place = typeof error.lines === 'number' ? ` at line ${error.lines}` : ''
    throw new NoScriptError(`${notDialogues}: it is not CSV (${error.code}${place})`)
  }
}

interface Notes {
  readonly remarks: Remark[]
  readonly spellings: Map<string, Spelling>
  readonly reading: Reading
}

function parseTurns(
  id: string,
  text: string,
  { remarks, spellings, reading }: Notes,
): Pick<Dialogue, 'cast' | 'turns'> {
  const people = new Map<string, Person>()
  const turns: { line: number; speaker: string; label: string; body: string }[] = []
  const lines = text.split(/\r\n|\n/)
  if (lines.at(-1) === '') lines.pop()
  for (const [index, content] of lines.entries()) {
    const line = index + 1
    const remark = (kind: Remark['kind'], about: string) =>
      remarks.push({ kind, dialogue: id, line, text: about })
    const start = turnStart(content, reading)
    const before = turns.at(-1)
    if (start) {
      people.set(start.person.key, start.person)
      const { label, person } = start
      spellings.set(label, { label, person, turns: (spellings.get(label)?.turns ?? 0) + 1 })
      turns.push({ line, speaker: start.person.key, label: start.label, body: start.body })
      if (start.isMisspelt) remark('misspelt label', start.label)
      if (start.isStopped) remark('label ends with a full stop', start.label)
    } else if (content.trim() === '') remark('blank line, skipped', content)
    else if (reading === 'labelled') remark('no label, skipped', content)
    else if (before) {
      before.body += `\n${content}`
      remark('no label: added to the turn before', content)
    } else remark('no label and no turn before: not sent', content)
  }
  const isBlank = (turn: { body: string }) => turn.body.trim() === ''
  for (const { line, label } of turns.filter(isBlank))
    remarks.push({ kind: 'blank turn, skipped', dialogue: id, line, text: label })
  const said = turns
    .filter((turn) => !isBlank(turn))
    .map(({ line, speaker, body }) => ({ line, speaker, body }))
  return { cast: castOf([...people.values()]), turns: said }
}

/** `Label: words`. One space after the colon belongs to the label, everything after it to the words. */
function turnStart(line: string, reading: Reading) {
  const [, label, end, body] = /^\s*([A-Za-z]+(?:[ _][A-Za-z]+)*[ _]?\d*)([:.]) ?(.*)$/s.exec(line) ?? []
  const found = label === undefined ? undefined : personOf(label)
  if (!found || label === undefined || body === undefined) return undefined
  const isStopped = end === '.'
  // "Patients. Many of them" is a sentence; a full stop is forgiven only after a label that is spelt right.
  if (isStopped && (found.isMisspelt || reading === 'labelled')) return undefined
  return { ...found, label, body, isStopped }
}

function castOf(speakers: readonly Person[]): Person[] {
  const cast = [...speakers]
  if (!cast.some((person) => person.role === 'DOCTOR')) cast.push({ key: 'doctor', role: 'DOCTOR' })
  if (!cast.some((person) => person.role === 'PATIENT')) cast.push({ key: 'patient', role: 'PATIENT' })
  return cast
}
