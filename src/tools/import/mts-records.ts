import type { ImportRecord } from '../../features/history/records.js'
import { namedId } from '../../platform/named-id.js'
import type { Person } from '../mts-dialog/mapping.js'
import type { Dialogue } from '../mts-dialog/parse.js'

const displayNames = { DOCTOR: 'Dr.', PATIENT: 'Patient', STAFF: 'Nurse', CAREGIVER: 'Relative' }

// The files know no times. These are made up, always the same: an hour for each dialogue, half a minute for each line.
const firstDialogueAt = Date.UTC(2024, 0, 1, 8)
const dialogueMs = 60 * 60_000
const differentTimes = 10_000
const lineMs = 30_000

/** What one dialogue makes, and the line of it that says so; null for what is true of all of it. */
export interface PlacedRecord {
  readonly place: number | null
  readonly record: ImportRecord
}

/**
 * The people, the appointment, the conversation and the messages of a dialogue. Its patient is its own; the doctor is one
 * for the whole file, every further speaker one for the dialogue. A doctor and a patient alone talk in DIRECT, others in
 * a GROUP of the doctor's about the patient. Everything has the same ids and times in every run.
 */
export function recordsOf(dialogue: Dialogue, fileName: string): PlacedRecord[] {
  const { id, cast, turns, section } = dialogue
  const name = `mts-${fileName}-${id}`
  const patient = cast.find((person) => person.role === 'PATIENT')
  const doctor = cast.find((person) => person.role === 'DOCTOR')
  if (!patient || !doctor) throw new Error('a dialogue without doctor or patient')
  const externalIdOf = (person: Person) => {
    if (person === patient) return name
    return person.key === 'doctor' ? `mts-${fileName}-doctor` : `${name}-${person.key}`
  }
  const externalIds = new Map(cast.map((person) => [person.key, externalIdOf(person)]))
  const [patientExternalId, doctorExternalId] = [externalIdOf(patient), externalIdOf(doctor)]
  const startsAt = startOf(id)

  const records: ImportRecord[] = cast.map((person) => ({
    type: 'person',
    person: {
      externalId: externalIdOf(person),
      displayName: `${displayNames[person.role]} ${nameOf(person, fileName, id)}`,
      // A second patient is there with the first: a conversation is about one.
      role: person.role === 'PATIENT' && person !== patient ? 'CAREGIVER' : person.role,
    },
  }))
  const appointment = { externalId: name, patientExternalId, doctorExternalId, status: 'COMPLETED' as const }
  records.push({ type: 'appointment', appointment: { ...appointment, startsAt } })
  const common = { externalId: name, createdAt: startsAt, patientExternalId }
  records.push({
    type: 'conversation',
    conversation:
      cast.length === 2
        ? { ...common, kind: 'DIRECT', doctorExternalId }
        : {
            ...common,
            kind: 'GROUP',
            title: `${section} ${id}`,
            ownerExternalId: doctorExternalId,
            participantExternalIds: [...externalIds.values()],
          },
  })
  const messages = turns.map(({ line, speaker, body }): PlacedRecord => {
    const message = {
      conversationExternalId: name,
      senderExternalId: externalIds.get(speaker) ?? '',
      clientMessageId: namedId('mts-dialog', fileName, id, String(line)),
      sentAt: new Date(startsAt.getTime() + line * lineMs),
      body,
    }
    return { place: line, record: { type: 'message', message } }
  })
  return [...records.map((record) => ({ place: null, record })), ...messages]
}

function nameOf(person: Person, fileName: string, id: string): string {
  return person.key === 'doctor' ? `of ${fileName}` : `${person.key} of ${fileName} ${id}`
}

function startOf(id: string): Date {
  const number = /^\d{1,9}$/.test(id) ? Number(id) : Number.parseInt(namedId('mts-time', id).slice(0, 8), 16)
  return new Date(firstDialogueAt + (number % differentTimes) * dialogueMs)
}
