import { z } from 'zod'
import type { ImportRecord } from '../../features/history/records.js'
import { longestName, textFault } from '../../features/text.js'
import type { Entry } from './entries.js'
import { longestLine, readLines } from './lines.js'

const externalId = z.string().check((field) => {
  const fault = textFault(field.value, longestName)
  if (fault) field.issues.push({ code: 'custom', message: fault, input: field.value })
})
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const optional = z.string().nullish()

const person = z.strictObject({
  externalId,
  displayName: z.string(),
  role: z.enum(['PATIENT', 'DOCTOR', 'STAFF', 'CAREGIVER']),
  email: optional,
  phone: optional,
  avatarUrl: optional,
  specialty: optional,
  qualification: optional,
  designation: optional,
  isActive: z.boolean().optional(),
})

const appointment = z.strictObject({
  externalId,
  patientExternalId: externalId,
  doctorExternalId: externalId,
  status: z.enum(['SCHEDULED', 'COMPLETED', 'CANCELLED']),
  startsAt: time,
})

const conversation = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('DIRECT'),
    externalId,
    patientExternalId: externalId,
    doctorExternalId: externalId,
    createdAt: time.optional(),
  }),
  z.strictObject({
    kind: z.literal('GROUP'),
    externalId,
    title: z.string(),
    ownerExternalId: externalId,
    patientExternalId: externalId.nullish(),
    participantExternalIds: z.array(externalId).max(256),
    createdAt: time.optional(),
  }),
])

const message = z.strictObject({
  conversationExternalId: externalId,
  senderExternalId: externalId,
  clientMessageId: z.string().toLowerCase(),
  sentAt: time,
  body: z.string(),
})

const records = {
  person: person.transform((value): ImportRecord => ({ type: 'person', person: value })),
  appointment: appointment.transform((value): ImportRecord => ({ type: 'appointment', appointment: value })),
  conversation: conversation.transform(
    (value): ImportRecord => ({ type: 'conversation', conversation: value }),
  ),
  message: message.transform((value): ImportRecord => ({ type: 'message', message: value })),
}

const wanted = `wanted is one object a line with one field: ${Object.keys(records).join(', ')}`

/** A file that is of another kind altogether; the message is one line, and quotes nothing of the file. */
export class NoJsonlError extends Error {
  override readonly name = 'NoJsonlError'
}

/**
 * Throws NoJsonlError where a file does not begin as JSON lines do: each of a CSV file's lines would be refused, one by
 * one.
 */
export async function assertJsonl(file: string): Promise<void> {
  for await (const { content } of readLines(file)) {
    const start = content?.toString('latin1').trimStart()
    if (start === '') continue
    if (start === undefined || start.startsWith('{')) return
    throw new NoJsonlError('this is no file of JSON lines: it does not begin with {')
  }
}

/** Reads a file of one JSON object a line, in a memory that does not grow with it. Blank lines are passed over. */
export async function* readJsonl(file: string): AsyncGenerator<Entry> {
  for await (const { number, content, bytes, share } of readLines(file)) {
    const at = { line: number, place: `line ${number}`, bytes, share }
    if (content === null) {
      yield { ...at, kind: 'refused', why: `it is longer than ${longestLine} bytes` }
      continue
    }
    const read = parseLine(content)
    if (read === null) continue
    yield typeof read === 'string'
      ? { ...at, kind: 'refused', why: read }
      : { ...at, kind: 'record', record: read }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** What a line holds; null for a blank one. A string says what is wrong, and repeats nothing of the line. */
export function parseLine(content: Uint8Array): ImportRecord | string | null {
  let text: string
  try {
    text = utf8.decode(content)
  } catch {
    return 'it is not UTF-8'
  }
  if (text.trim() === '') return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'it is not JSON'
  }
  if (typeof value !== 'object' || value === null) return wanted
  const [[name, inner] = ['', undefined], ...others] = Object.entries(value)
  if (others.length > 0 || !isRecordName(name)) return wanted
  const parsed = records[name].safeParse(inner)
  return parsed.success ? parsed.data : describeIssue(name, parsed.error.issues[0])
}

function isRecordName(name: string): name is keyof typeof records {
  return Object.hasOwn(records, name)
}

function describeIssue(name: string, issue: z.core.$ZodIssue | undefined): string {
  const path = [name, ...(issue?.path ?? [])].map(String).join('.')
  // What it is called was written by somebody else, too.
  if (issue?.code === 'unrecognized_keys') return `${path}: it has a field that is not known`
  return `${path}: ${issue?.message ?? 'it is not as described'}`
}
