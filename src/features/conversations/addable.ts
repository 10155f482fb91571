import { ForbiddenError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { isStranger } from './policy.js'

/** Current participants, the owner included. */
export const largestGroup = 256

/**
 * Whether these people, whom the owner sees, may take part in a group about this patient (null: about nobody): no patient
 * but that one, nobody who administers, nobody inactive. Throws ForbiddenError.
 */
export async function assertAddable(
  tx: Tx,
  userIds: readonly string[],
  patientId: string | null,
): Promise<void> {
  const people = await tx.user.findMany({
    where: { id: { in: [...userIds] } },
    select: { id: true, role: true, isActive: true },
  })
  for (const person of people) {
    if (isStranger(person.role))
      throw new ForbiddenError('Administrators, auditors and services take part in no group.')
    if (person.role === 'PATIENT' && person.id !== patientId) {
      throw new ForbiddenError('The only patient in a group is the one whom it is about.')
    }
    if (!person.isActive) throw new ForbiddenError('Somebody among them is not active.')
  }
}
