import { largestGroup } from '../conversations/addable.js'
import { isStranger } from '../conversations/policy.js'
import { longestName, longestTitle, textFault } from '../text.js'
import type { FoundPerson } from './people.js'
import type { ImportedConversation, ImportedDirect, ImportedGroup, Line, Named } from './records.js'

/** A conversation of the file with the people whom it names found: what is to be there. */
export interface ConversationPlan {
  readonly line: number
  readonly externalId: string
  readonly kind: 'DIRECT' | 'GROUP'
  readonly patientId: string | null
  /** Of DIRECT. */
  readonly doctorId: string | null
  readonly createdById: string
  readonly participantIds: readonly string[]
  readonly title: string | null
  readonly createdAt: Date | null
}

/**
 * Finds the people of a conversation, and holds it against the rules of openConversation and createGroup. What these ask
 * of the present is not asked of what was: an appointment, a relationship, that everybody is still active.
 * A string says why not.
 */
export function planConversation(
  { line, record }: Line<ImportedConversation>,
  people: Named<FoundPerson>,
): ConversationPlan | string {
  const fault = textFault(record.externalId, longestName)
  if (fault) return `externalId: ${fault}`
  if (record.createdAt && record.createdAt > new Date()) return 'createdAt: it lies in the future'
  const common = { line, externalId: record.externalId, createdAt: record.createdAt ?? null }
  const found =
    record.kind === 'DIRECT' ? directFacts(record, line, people) : groupFacts(record, line, people)
  return typeof found === 'string' ? found : { ...common, ...found }
}

type Facts = Omit<ConversationPlan, 'line' | 'externalId' | 'createdAt'>

function directFacts(record: ImportedDirect, line: number, people: Named<FoundPerson>): Facts | string {
  const patient = people.at(record.patientExternalId, line)
  const doctor = people.at(record.doctorExternalId, line)
  if (!patient) return 'patientExternalId: nobody is called so'
  if (!doctor) return 'doctorExternalId: nobody is called so'
  if (patient.role !== 'PATIENT') return 'patientExternalId: not a patient'
  if (doctor.role !== 'DOCTOR') return 'doctorExternalId: not a doctor'
  return {
    kind: 'DIRECT',
    patientId: patient.id,
    doctorId: doctor.id,
    createdById: doctor.id,
    participantIds: [doctor.id, patient.id],
    title: null,
  }
}

function groupFacts(record: ImportedGroup, line: number, people: Named<FoundPerson>): Facts | string {
  const unfit = textFault(record.title, longestTitle)
  if (unfit) return `title: ${unfit}`
  const owner = people.at(record.ownerExternalId, line)
  if (!owner) return 'ownerExternalId: nobody is called so'
  if (owner.role !== 'DOCTOR') return 'ownerExternalId: not a doctor'
  const about = record.patientExternalId ?? null
  const patient = about === null ? null : people.at(about, line)
  if (patient === undefined) return 'patientExternalId: nobody is called so'
  if (patient && patient.role !== 'PATIENT') return 'patientExternalId: not a patient'
  const participantIds = new Set([owner.id])
  for (const externalId of record.participantExternalIds) {
    const person = people.at(externalId, line)
    if (!person) return 'participantExternalIds: nobody is called so'
    if (isStranger(person.role))
      return 'participantExternalIds: administrators, auditors and services take part in no group'
    if (person.role === 'PATIENT' && person.id !== patient?.id)
      return 'participantExternalIds: the only patient in a group is the one whom it is about'
    participantIds.add(person.id)
  }
  if (participantIds.size > largestGroup)
    return `participantExternalIds: a group has at most ${largestGroup} participants`
  return {
    kind: 'GROUP',
    patientId: patient?.id ?? null,
    doctorId: null,
    createdById: owner.id,
    participantIds: [...participantIds],
    title: record.title,
  }
}
