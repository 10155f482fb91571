import { type OperatorTransaction, StaleLocksError } from '../../platform/db/operator-connection.js'
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

async function make(ctx: ImportContext, appointments: readonly Fresh[]) {
  const externalIds = appointments.map((appointment) => appointment.externalId)
  const before = await find(ctx.db, externalIds)
  const fresh = appointments.filter((appointment) => !before.has(appointment.externalId))
  if (fresh.length === 0) return { made: new Set<string>(), there: before }
  const userIds = fresh.flatMap((appointment) => [appointment.patientId, appointment.doctorId])
  const { made, heads } = await ctx.db.transaction(async (tx) => {
    const conversationIds = await directOf(tx, fresh)
    await lockForWrite(tx, conversationIds, userIds)
    // What was opened before the locks were had is not locked.
    if ((await directOf(tx, fresh)).length > conversationIds.length) throw new StaleLocksError()
    const found = new Set<string>()
    await tellingOfRefusals(tx, conversationIds, ctx.isOpenPolicy, async () => {
      for (const externalId of await insert(tx, ctx, fresh)) found.add(externalId)
    })
    return { made: found, heads: await headsOf(tx, conversationIds.length > 0 ? userIds : []) }
  })
  ctx.hints.streamsMoved(heads)
  return { made, there: await find(ctx.db, externalIds) }
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

async function directOf(tx: OperatorTransaction, pairs: readonly Pair[]): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    'import-direct-of-pairs',
    `SELECT DISTINCT c.id FROM unnest($1::uuid[], $2::uuid[]) AS x (patient_id, doctor_id)
       JOIN conversations c ON c.patient_id = x.patient_id AND c.doctor_id = x.doctor_id`,
    [pairs.map((pair) => pair.patientId), pairs.map((pair) => pair.doctorId)],
  )
  return rows.map((row) => row.id)
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
