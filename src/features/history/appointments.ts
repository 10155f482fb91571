import type { OperatorTransaction } from '../../platform/db/operator-connection.js'
import { newId } from '../../platform/ids.js'
import { longestName, textFault } from '../text.js'
import type { ImportContext } from './context.js'
import type { FoundPerson } from './people.js'
import {
  added,
  type ImportedAppointment,
  known,
  type Line,
  type Named,
  refused,
  type Verdict,
} from './records.js'
import { headsOf, lockForWrite, tellingOfRefusals } from './streams.js'

// So many patients' streams are locked at a time: for 8 ms on average, 19 ms at most, measured over 1,201 on two busy cores.
const perTransaction = 50

interface Pair {
  readonly patientId: string
  readonly doctorId: string
}

/**
 * Makes those appointments that are not there yet. One that is there between the same two is left as it is, whatever its
 * status and time; between others it is refused. Whoever may send to the other by it is told, as by upsertAppointment.
 */
export async function importAppointments(
  ctx: ImportContext,
  lines: readonly Line<ImportedAppointment>[],
  people: Named<FoundPerson>,
): Promise<Verdict[]> {
  const looked = lines.map(({ line, record }) => ({ record, ...look(record, line, people) }))
  const fresh = new Map<string, Fresh>()
  for (const { record, pair } of looked)
    if (pair && !fresh.has(record.externalId)) fresh.set(record.externalId, { ...record, ...pair })
  const { made, there } = await make(ctx, [...fresh.values()])
  return looked.map(({ record, pair, fault }) => {
    if (!pair) return refused(fault)
    const found = there.get(record.externalId)
    if (found?.patientId !== pair.patientId || found.doctorId !== pair.doctorId)
      return refused('an appointment of this externalId is there between others')
    return made.delete(record.externalId) ? added : known
  })
}

type Fresh = ImportedAppointment & Pair

function look(
  record: ImportedAppointment,
  line: number,
  people: Named<FoundPerson>,
): { pair: Pair; fault: null } | { pair: null; fault: string } {
  const fault = (text: string) => ({ pair: null, fault: text })
  const unfit = textFault(record.externalId, longestName)
  if (unfit) return fault(`externalId: ${unfit}`)
  const patient = people.at(record.patientExternalId, line)
  const doctor = people.at(record.doctorExternalId, line)
  if (!patient) return fault('patientExternalId: nobody is called so')
  if (!doctor) return fault('doctorExternalId: nobody is called so')
  if (patient.role !== 'PATIENT') return fault('patientExternalId: not a patient')
  if (doctor.role !== 'DOCTOR') return fault('doctorExternalId: not a doctor')
  return { pair: { patientId: patient.id, doctorId: doctor.id }, fault: null }
}

/** What was made, by externalId, and what stands under these externalIds now. */
async function make(ctx: ImportContext, appointments: readonly Fresh[]) {
  const externalIds = appointments.map((appointment) => appointment.externalId)
  const before = await find(ctx.db, externalIds)
  const fresh = appointments.filter((appointment) => !before.has(appointment.externalId))
  const made = new Set<string>()
  if (fresh.length === 0) return { made, there: before }
  const direct = await directOf(ctx.db, fresh)
  const talking = fresh.filter((appointment) => direct.has(keyOf(appointment)))
  const apart = fresh.filter((appointment) => !direct.has(keyOf(appointment)))
  for (let from = 0; from < apart.length; from += perTransaction) {
    const { ids, opened } = await makeApart(ctx, apart.slice(from, from + perTransaction))
    for (const externalId of ids) made.add(externalId)
    talking.push(...opened)
  }
  for (const appointment of talking)
    for (const externalId of await makeForTalk(ctx, appointment)) made.add(externalId)
  return { made, there: await find(ctx.db, externalIds) }
}

/**
 * Of two who have no conversation: it changes nobody's right to send, and nobody is told. The patient's stream alone keeps
 * an openConversation of the two waiting, so the doctor, whom a file may name in every line, is not held up.
 */
async function makeApart(
  ctx: ImportContext,
  appointments: readonly Fresh[],
): Promise<{ ids: string[]; opened: Fresh[] }> {
  const patientIds = [...new Set(appointments.map((appointment) => appointment.patientId))]
  return ctx.db.transaction(async (tx) => {
    await lockForWrite(tx, [], patientIds)
    // What was opened before the locks were had is not locked.
    const direct = await directOf(tx, appointments)
    const isOpened = (appointment: Fresh) => direct.has(keyOf(appointment))
    const ids = await insert(
      tx,
      ctx,
      appointments.filter((appointment) => !isOpened(appointment)),
    )
    return { ids, opened: appointments.filter(isOpened) }
  })
}

/** Of two who have a conversation: whoever may send in it by this appointment is told. One at a time, as upsertAppointment. */
async function makeForTalk(ctx: ImportContext, appointment: Fresh): Promise<string[]> {
  const userIds = [appointment.patientId, appointment.doctorId]
  const { ids, heads } = await ctx.db.transaction(async (tx) => {
    const conversationIds = [...(await directOf(tx, [appointment])).values()]
    await lockForWrite(tx, conversationIds, userIds)
    const made: string[] = []
    await tellingOfRefusals(tx, conversationIds, ctx.isOpenPolicy, async () => {
      made.push(...(await insert(tx, ctx, [appointment])))
    })
    return { ids: made, heads: await headsOf(tx, userIds) }
  })
  ctx.hints.streamsMoved(heads)
  return ids
}

async function find(db: OperatorTransaction, externalIds: readonly string[]): Promise<Map<string, Pair>> {
  const rows = await db.query<Pair & { externalId: string }>(
    'import-find-appointments',
    `SELECT external_id AS "externalId", patient_id AS "patientId", doctor_id AS "doctorId"
       FROM appointments WHERE external_id = ANY ($1::text[])`,
    [externalIds],
  )
  return new Map(rows.map(({ externalId, ...pair }) => [externalId, pair]))
}

const keyOf = (pair: Pair) => `${pair.patientId}:${pair.doctorId}`

/** The conversations of those of these pairs that have one, by keyOf. */
async function directOf(tx: OperatorTransaction, pairs: readonly Pair[]): Promise<Map<string, string>> {
  const rows = await tx.query<Pair & { id: string }>(
    'import-direct-of-pairs',
    `SELECT DISTINCT c.id, c.patient_id AS "patientId", c.doctor_id AS "doctorId"
       FROM unnest($1::uuid[], $2::uuid[]) AS x (patient_id, doctor_id)
       JOIN conversations c ON c.patient_id = x.patient_id AND c.doctor_id = x.doctor_id`,
    [pairs.map((pair) => pair.patientId), pairs.map((pair) => pair.doctorId)],
  )
  return new Map(rows.map((row) => [keyOf(row), row.id]))
}

async function insert(
  tx: OperatorTransaction,
  ctx: ImportContext,
  fresh: readonly Fresh[],
): Promise<string[]> {
  const rows = await tx.query<{ externalId: string }>(
    'import-make-appointments',
    `WITH made AS (
       INSERT INTO appointments (id, external_id, patient_id, doctor_id, status, starts_at)
       SELECT r.id, r.external_id, r.patient_id, r.doctor_id, r.status::appointment_status, r.starts_at
         FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[])
              AS r (id, external_id, patient_id, doctor_id, status, starts_at)
       ON CONFLICT (external_id) DO NOTHING
       RETURNING id, external_id
     )
     SELECT m.external_id AS "externalId",
            record_audit(NULL, 'appointment.upsert', 'ALLOWED', 'Appointment', m.id, NULL, NULL, NULL, NULL, $7, NULL)
       FROM made m`,
    [
      fresh.map(() => newId()),
      fresh.map((appointment) => appointment.externalId),
      fresh.map((appointment) => appointment.patientId),
      fresh.map((appointment) => appointment.doctorId),
      fresh.map((appointment) => appointment.status),
      fresh.map((appointment) => appointment.startsAt),
      ctx.requestId,
    ],
  )
  return rows.map((row) => row.externalId)
}
