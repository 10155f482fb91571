import type { Person } from '../mts-dialog/mapping.js'
import type { Dialogue } from '../mts-dialog/parse.js'
import type { Client } from './client.js'
import { createGroup, openConversation, upsertAppointment, upsertUser } from './operations.js'
import type { Sign } from './tokens.js'

export interface Member extends Person {
  readonly id: string
  readonly externalId: string
}

const displayNames = { DOCTOR: 'Dr.', PATIENT: 'Patient', STAFF: 'Nurse', CAREGIVER: 'Relative' }

/** Tells Parley, as the platform does, of the people of a dialogue and of the appointment they have. */
export async function introduce(client: Client, service: string, dialogue: Dialogue, prefix: string) {
  const members: Member[] = []
  for (const { key, role } of dialogue.cast) {
    const externalId = `${prefix}-${dialogue.id}-${key}`
    const displayName = `${displayNames[role]} ${key} of dialogue ${dialogue.id}`
    const { user } = await client.request(service, upsertUser, { input: { externalId, displayName, role } })
    members.push({ key, role, id: user.id, externalId })
  }
  const doctor = members.find((member) => member.role === 'DOCTOR')
  const patient = members.find((member) => member.role === 'PATIENT')
  if (!doctor || !patient) throw new Error('a dialogue needs a doctor and a patient')
  const appointment = {
    externalId: `${prefix}-${dialogue.id}`,
    patientExternalId: patient.externalId,
    doctorExternalId: doctor.externalId,
    status: 'SCHEDULED',
    startsAt: new Date().toISOString(),
  }
  await client.request(service, upsertAppointment, { input: appointment })
  return { members, doctor, patient }
}

/** A direct conversation for a doctor and a patient alone; for everybody else a group about the patient. */
export async function openFor(
  client: Client,
  sign: Sign,
  dialogue: Dialogue,
  { members, doctor, patient }: Awaited<ReturnType<typeof introduce>>,
): Promise<string> {
  const token = await sign(doctor.externalId)
  if (members.length === 2) {
    const input = { externalUserId: patient.externalId }
    return (await client.request(token, openConversation, { input })).conversation.id
  }
  const participantIds = members.filter((member) => member !== doctor).map((member) => member.id)
  const title = `${dialogue.section} ${dialogue.id}`
  const input = { title, participantIds, patientId: patient.id }
  return (await client.request(token, createGroup, { input })).conversation.id
}
