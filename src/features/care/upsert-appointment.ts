import { ForbiddenError, InvalidInputError, NotFoundError, ServiceUnavailableError } from '../../errors.js'
import type { AppointmentStatus } from '../../platform/db/types.js'
import { newId } from '../../platform/ids.js'
import { recordingRefusals } from '../audit/refusals.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { longestName, textFault } from '../text.js'
import { tellingOfRefusals } from './refusals.js'

const mostLooks = 3

export interface UpsertAppointmentInput {
  readonly externalId: string
  readonly patientExternalId: string
  readonly doctorExternalId: string
  readonly status: AppointmentStatus
  readonly startsAt: Date
}

/**
 * Creates or changes an appointment, by its external id. ADMIN and SERVICE only, whatever the input. Whoever may now send,
 * or no longer, is told by a ConversationChanged. Throws ForbiddenError, InvalidInputError, NotFoundError.
 */
export async function upsertAppointment(
  ctx: VerbContext,
  input: UpsertAppointmentInput,
): Promise<{ appointmentId: string; created: boolean }> {
  const refusal = { action: 'appointment.upsert', subjectType: 'User', subjectId: ctx.viewer.id } as const
  const pair = await recordingRefusals(ctx, refusal, async () => {
    if (ctx.viewer.role !== 'ADMIN' && ctx.viewer.role !== 'SERVICE') {
      throw new ForbiddenError('Only the platform keeps appointments in step.')
    }
    return findPair(ctx, input)
  })
  for (let look = 1; look <= mostLooks; look++) {
    const result = await save(ctx, input, pair)
    if (result) return result
  }
  throw new ServiceUnavailableError()
}

/** Null: what is to be locked was found otherwise under the locks; look again. */
async function save(
  ctx: VerbContext,
  input: UpsertAppointmentInput,
  pair: { patientId: string; doctorId: string },
): Promise<{ appointmentId: string; created: boolean } | null> {
  const existing = await ctx.db.read((client) =>
    client.appointment.findUnique({ where: { externalId: input.externalId } }),
  )
  const pairs = [pair, ...(existing ? [{ patientId: existing.patientId, doctorId: existing.doctorId }] : [])]
  const ofThem = { where: { kind: 'DIRECT' as const, OR: pairs }, select: { id: true } }
  const direct = await ctx.db.read((client) => client.conversation.findMany(ofThem))
  const conversationIds = direct.map((conversation) => conversation.id)
  const userIds = pairs.flatMap((one) => [one.patientId, one.doctorId])

  let isStale = false
  let result = { appointmentId: existing?.id ?? newId(), created: existing === null }
  const subject = {
    action: 'appointment.upsert',
    subjectType: 'Appointment',
    subjectId: result.appointmentId,
  } as const
  await write(ctx, { ...subject, conversationIds, userIds }, async (tx) => {
    // Two requests about one appointment: the second finds what the first made.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`appointment:${input.externalId}`}, 0))`
    // Moved to another pair since it was looked up, or a conversation was opened: these are not locked.
    const now = await tx.appointment.findUnique({ where: { externalId: input.externalId } })
    const isKnown =
      now === null || pairs.some((one) => one.patientId === now.patientId && one.doctorId === now.doctorId)
    isStale = !isKnown || (await tx.conversation.findMany(ofThem)).length > direct.length
    if (isStale) return null
    const values = { ...pair, status: input.status, startsAt: input.startsAt }
    await tellingOfRefusals(tx, conversationIds, ctx.config.messagingPolicy === 'open', async () => {
      const saved = await tx.appointment.upsert({
        where: { externalId: input.externalId },
        create: { id: result.appointmentId, externalId: input.externalId, ...values },
        update: values,
      })
      result = { appointmentId: saved.id, created: existing === null && saved.id === result.appointmentId }
    })
    return { subjectId: result.appointmentId }
  })
  if (isStale) return null
  // Who is in care sees who is there.
  ctx.presence.announce(userIds)
  return result
}

async function findPair(
  ctx: VerbContext,
  input: UpsertAppointmentInput,
): Promise<{ patientId: string; doctorId: string }> {
  const fault = textFault(input.externalId, longestName)
  if (fault) throw InvalidInputError.at('externalId', fault)
  // PostgreSQL has no year 0.
  if (input.startsAt.getUTCFullYear() < 1) throw InvalidInputError.at('startsAt', 'It must be of our era.')
  // Nobody's id holds a NUL, and PostgreSQL would not take it.
  const externalIds = [input.patientExternalId, input.doctorExternalId].filter((id) => !id.includes('\0'))
  const people = await ctx.db.read((client) =>
    client.user.findMany({
      where: { externalId: { in: externalIds } },
      select: { id: true, externalId: true, role: true },
    }),
  )
  const patient = people.find((person) => person.externalId === input.patientExternalId)
  const doctor = people.find((person) => person.externalId === input.doctorExternalId)
  if (!patient || !doctor) throw new NotFoundError()
  if (patient.role !== 'PATIENT')
    throw InvalidInputError.at('patientExternalId', 'This person is not a patient.')
  if (doctor.role !== 'DOCTOR') throw InvalidInputError.at('doctorExternalId', 'This person is not a doctor.')
  return { patientId: patient.id, doctorId: doctor.id }
}
