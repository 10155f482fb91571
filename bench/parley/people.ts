import { dig, excerpt, text } from '../json.js'
import { tokenFor } from '../tokens.js'
import { openConversationDocument, upsertAppointmentDocument, upsertUserDocument } from './documents.js'
import { GraphqlSocket } from './socket.js'

export const serviceSubject = 'platform'

/** Two people who may write to each other, and where. */
export interface CarePair {
  readonly tokens: readonly [patient: string, doctor: string]
  readonly userIds: readonly [patient: string, doctor: string]
  readonly conversationId: string
}

/** How many are made at once: beyond, they only wait for one another. */
const atOnce = 8

/**
 * Makes (or finds again) `count` patients with a doctor, an appointment and a conversation each. A doctor has so many of them.
 */
export async function preparePairs(
  url: string,
  name: string,
  count: number,
  patientsOfDoctor = 1,
): Promise<CarePair[]> {
  const service = await GraphqlSocket.open(url, await tokenFor(serviceSubject))
  const upsert = async (document: string, field: string, input: object): Promise<unknown> => {
    const data = await service.execute(document, { input })
    if (!text(data, field, '__typename').endsWith('Payload')) throw new Error(`${field}: ${excerpt(data)}`)
    return dig(data, field)
  }
  const person = async (externalId: string, displayName: string, role: string): Promise<string> =>
    text(await upsert(upsertUserDocument, 'upsertUser', { externalId, displayName, role }), 'user', 'id')
  const prepare = async (index: number): Promise<CarePair> => {
    const doctorIndex = Math.floor(index / patientsOfDoctor)
    const patient = `${name}-patient-${index}`
    const doctor = `${name}-doctor-${doctorIndex}`
    const userIds = [
      await person(patient, `Patient ${index}`, 'PATIENT'),
      await person(doctor, `Doctor ${doctorIndex}`, 'DOCTOR'),
    ] as const
    await upsert(upsertAppointmentDocument, 'upsertAppointment', {
      externalId: `${name}-appointment-${index}`,
      patientExternalId: patient,
      doctorExternalId: doctor,
      status: 'SCHEDULED',
      startsAt: '2030-01-01T09:00:00.000Z',
    })
    const tokens = [await tokenFor(patient), await tokenFor(doctor)] as const
    return { tokens, userIds, conversationId: await openConversation(url, tokens[0], doctor) }
  }
  const pairs: CarePair[] = []
  for (let index = 0; index < count; index += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - index) }, (_, offset) =>
      prepare(index + offset),
    )
    pairs.push(...(await Promise.all(some)))
  }
  await service.close()
  return pairs
}

async function openConversation(url: string, token: string, externalUserId: string): Promise<string> {
  const socket = await GraphqlSocket.open(url, token)
  const data = await socket.execute(openConversationDocument, { input: { externalUserId } })
  await socket.close()
  return text(data, 'openConversation', 'conversation', 'id')
}
