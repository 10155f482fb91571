import { parse } from 'csv-parse/sync'
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
  readonly kind: (typeof remarkKinds)[number]
  readonly dialogue: string
  readonly line: number
  readonly text: string
}

export interface Script {
  readonly dialogues: readonly Dialogue[]
  readonly remarks: readonly Remark[]
}

export const turnsIn = (script: Script) =>
  script.dialogues.reduce((sum, dialogue) => sum + dialogue.turns.length, 0)

const rows = z.array(z.object({ ID: z.string().min(1), section_header: z.string(), dialogue: z.string() }))

/** Reads UTF-8 CSV with the columns ID, section_header and dialogue; throws on anything else. */
export function parseScript(file: Uint8Array): Script {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(file)
  const options = { columns: true, recordDelimiter: ['\r\n', '\n'], skipEmptyLines: true }
  const found = rows.safeParse(parse(text, options))
  if (!found.success) throw new Error(`This is no file of dialogues:\n${z.prettifyError(found.error)}`)
  const remarks: Remark[] = []
  const times = new Map<string, number>()
  const dialogues = found.data.map((row) => {
    const nth = (times.get(row.ID) ?? 0) + 1
    times.set(row.ID, nth)
    const id = nth === 1 ? row.ID : `${row.ID}.${nth}`
    return { id, section: row.section_header, ...parseTurns(id, row.dialogue, remarks) }
  })
  return { dialogues, remarks }
}

function parseTurns(id: string, text: string, remarks: Remark[]): Pick<Dialogue, 'cast' | 'turns'> {
  const people = new Map<string, Person>()
  const turns: { line: number; speaker: string; label: string; body: string }[] = []
  const lines = text.split(/\r\n|\n/)
  if (lines.at(-1) === '') lines.pop()
  for (const [index, content] of lines.entries()) {
    const line = index + 1
    const remark = (kind: Remark['kind'], about: string) =>
      remarks.push({ kind, dialogue: id, line, text: about })
    const start = turnStart(content)
    const before = turns.at(-1)
    if (start) {
      people.set(start.person.key, start.person)
      turns.push({ line, speaker: start.person.key, label: start.label, body: start.body })
      if (start.isMisspelt) remark('misspelt label', start.label)
      if (start.isStopped) remark('label ends with a full stop', start.label)
    } else if (content.trim() === '') remark('blank line, skipped', content)
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
function turnStart(line: string) {
  const [, label, end, body] = /^\s*([A-Za-z]+(?:[ _][A-Za-z]+)*[ _]?\d*)([:.]) ?(.*)$/s.exec(line) ?? []
  const found = label === undefined ? undefined : personOf(label)
  if (!found || label === undefined || body === undefined) return undefined
  const isStopped = end === '.'
  // "Patients. Many of them" is a sentence; a full stop is forgiven only after a label that is spelt right.
  if (isStopped && found.isMisspelt) return undefined
  return { ...found, label, body, isStopped }
}

function castOf(speakers: readonly Person[]): Person[] {
  const cast = [...speakers]
  if (!cast.some((person) => person.role === 'DOCTOR')) cast.push({ key: 'doctor', role: 'DOCTOR' })
  if (!cast.some((person) => person.role === 'PATIENT')) cast.push({ key: 'patient', role: 'PATIENT' })
  return cast
}
