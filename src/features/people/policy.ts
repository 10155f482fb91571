import type { Prisma } from '../../platform/db/types.js'
import type { Actor } from '../context.js'
import { isStranger } from '../conversations/policy.js'

/** Whom a person may see, as a Prisma `where`. `visibleUserSql` is the same as SQL. */
export function visibleUsers(
  viewer: Pick<Actor, 'id' | 'role'>,
  isOpenPolicy: boolean,
): Prisma.UserWhereInput {
  if (isStranger(viewer.role)) return {}
  const conditions: Prisma.UserWhereInput[] = [
    { id: viewer.id },
    { memberships: { some: { conversation: { memberships: { some: { userId: viewer.id } } } } } },
    { patientAppointments: { some: { doctorId: viewer.id } } },
    { doctorAppointments: { some: { patientId: viewer.id } } },
  ]
  if (viewer.role === 'DOCTOR' || viewer.role === 'STAFF')
    conditions.push({ role: { in: ['DOCTOR', 'STAFF', 'CAREGIVER'] } })
  if (isOpenPolicy && viewer.role === 'DOCTOR') conditions.push({ role: 'PATIENT' })
  if (isOpenPolicy && viewer.role === 'PATIENT') conditions.push({ role: 'DOCTOR' })
  return { OR: conditions }
}

/** Which users (alias `u`) the viewer (a row of users, alias `v`) may see; `open` is an SQL boolean. */
export function visibleUserSql(open: string): string {
  return `(v.role IN ('ADMIN', 'AUDITOR', 'SERVICE')
    OR u.id = v.id
    OR EXISTS (SELECT 1 FROM memberships a JOIN memberships b ON b.conversation_id = a.conversation_id
                WHERE a.user_id = u.id AND b.user_id = v.id)
    OR EXISTS (SELECT 1 FROM appointments a
                WHERE a.patient_id = u.id AND a.doctor_id = v.id OR a.doctor_id = u.id AND a.patient_id = v.id)
    OR v.role IN ('DOCTOR', 'STAFF') AND u.role IN ('DOCTOR', 'STAFF', 'CAREGIVER')
    OR ${open} AND (v.role = 'DOCTOR' AND u.role = 'PATIENT' OR v.role = 'PATIENT' AND u.role = 'DOCTOR'))`
}

/** People with whom the viewer has a care relationship that lets them write: an appointment that is not cancelled. */
function related(viewer: Pick<Actor, 'id' | 'role'>, isOpenPolicy: boolean): Prisma.UserWhereInput[] {
  const counts = { status: { not: 'CANCELLED' } } as const
  if (viewer.role === 'PATIENT') {
    return [
      {
        role: 'DOCTOR',
        ...(isOpenPolicy ? {} : { doctorAppointments: { some: { patientId: viewer.id, ...counts } } }),
      },
    ]
  }
  if (viewer.role === 'DOCTOR') {
    return [
      {
        role: 'PATIENT',
        ...(isOpenPolicy ? {} : { patientAppointments: { some: { doctorId: viewer.id, ...counts } } }),
      },
    ]
  }
  // Not an empty list: Prisma drops an empty OR inside an AND, and everybody would be related.
  return [{ id: { in: [] } }]
}

/** Whom the viewer may message: patient and doctor in care, both active, neither blocking the other. */
export function messageableUsers(
  viewer: Pick<Actor, 'id' | 'role'>,
  isOpenPolicy: boolean,
): Prisma.UserWhereInput {
  return {
    isActive: true,
    blocking: { none: { blockedId: viewer.id } },
    blockedBy: { none: { blockerId: viewer.id } },
    OR: related(viewer, isOpenPolicy),
  }
}

/** Whom the viewer may message or, as a DOCTOR, add to a group. */
export function contactsOf(viewer: Pick<Actor, 'id' | 'role'>, isOpenPolicy: boolean): Prisma.UserWhereInput {
  const addable: Prisma.UserWhereInput[] =
    viewer.role === 'DOCTOR'
      ? [
          {
            isActive: true,
            id: { not: viewer.id },
            role: { in: ['DOCTOR', 'STAFF', 'CAREGIVER'] },
            blocking: { none: { blockedId: viewer.id } },
          },
        ]
      : []
  return { OR: [messageableUsers(viewer, isOpenPolicy), ...addable] }
}
