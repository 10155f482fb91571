import type { Appointment, Prisma } from '../../platform/db/types.js'
import type { VerbContext } from '../context.js'

/** Appointments for those who keep them. */
export async function appointmentsById(
  ctx: VerbContext,
  ids: readonly string[],
): Promise<(Appointment | null)[]> {
  return read(ctx, ids, {})
}

/** Appointments for the two whom they concern, and for those who keep them; null for others. */
export async function visibleAppointmentsById(
  ctx: VerbContext,
  ids: readonly string[],
): Promise<(Appointment | null)[]> {
  const isKeeper = ctx.viewer.role === 'ADMIN' || ctx.viewer.role === 'SERVICE'
  return read(ctx, ids, isKeeper ? {} : { OR: [{ patientId: ctx.viewer.id }, { doctorId: ctx.viewer.id }] })
}

async function read(
  ctx: VerbContext,
  ids: readonly string[],
  where: Prisma.AppointmentWhereInput,
): Promise<(Appointment | null)[]> {
  const rows = await ctx.db.read((client) =>
    client.appointment.findMany({ where: { AND: [{ id: { in: [...ids] } }, where] } }),
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id) ?? null)
}
