import { excerpt, text } from '../json.js'
import { tokenFor } from '../tokens.js'
import { openConversationDocument, upsertAppointmentDocument, upsertUserDocument } from './documents.js'
import { GraphqlSocket } from './socket.js'

export const serviceSubject = 'platform'

/** Two people who may write to each other, and where. */
export interface CarePair {
  readonly tokens: readonly [patient: string, doctor: string]
  readonly conversationId: string
}

/** Makes (or finds again) `count` patients with a doctor, an appointment and a conversation each. */
export async function preparePairs(url: string, name: string, count: number): Promise<CarePair[]> {
  const service = await GraphqlSocket.open(url, await tokenFor(serviceSubject))
  const upsert = async (document: string, field: string, input: object): Promise<void> => {
    const data = await service.execute(document, { input })
    if (!text(data, field, '__typename').endsWith('Payload')) throw new Error(`${field}: ${excerpt(data)}`)
  }
  const prepare = async (index: number): Promise<CarePair> => {
    const patient = `${name}-patient-${index}`
    const doctor = `${name}-doctor-${index}`
    await upsert(upsertUserDocument, 'upsertUser', {
      externalId: patient,
      displayName: `Patient ${index}`,
      role: 'PATIENT',
    })
    await upsert(upsertUserDocument, 'upsertUser', {
      externalId: doctor,
      displayName: `Doctor ${index}`,
      role: 'DOCTOR',
    })
    await upsert(upsertAppointmentDocument, 'upsertAppointment', {
      externalId: `${name}-appointment-${index}`,
      patientExternalId: patient,
      doctorExternalId: doctor,
      status: 'SCHEDULED',
      startsAt: '2030-01-01T09:00:00.000Z',
    })
    const tokens = [await tokenFor(patient), await tokenFor(doctor)] as const
    return { tokens, conversationId: await openConversation(url, tokens[0], doctor) }
  }
  const pairs: CarePair[] = []
  for (let index = 0; index < count; index += 1) pairs.push(await prepare(index))
  await service.close()
  return pairs
}

async function openConversation(url: string, token: string, externalUserId: string): Promise<string> {
  const socket = await GraphqlSocket.open(url, token)
  const data = await socket.execute(openConversationDocument, { input: { externalUserId } })
  await socket.close()
  return text(data, 'openConversation', 'conversation', 'id')
}
