import type { Tx } from '../../platform/db/database.js'
import type { UserRole } from '../../platform/db/types.js'
import { appendUpdates } from '../stream/append.js'
import { currentParticipants, leave } from './membership.js'
import { succeedOwner } from './owners.js'
import { isStranger, mayOwnGroups } from './policy.js'

/**
 * Brings a group in line with somebody's new role: whoever may not take part in it leaves, whoever may not own it becomes
 * a member, and an owner succeeds. Nothing where all is well. All locks are held.
 */
export async function adjustToRole(
  tx: Tx,
  conversation: { readonly id: string; readonly patientId: string | null; readonly closedAt: Date | null },
  person: { readonly id: string; readonly role: UserRole },
): Promise<void> {
  const conversationId = conversation.id
  const current = await currentParticipants(tx, conversationId)
  const part = current.find((participant) => participant.userId === person.id)
  if (!part) return
  const isAnotherPatient = person.role === 'PATIENT' && conversation.patientId !== person.id
  if (isStranger(person.role) || isAnotherPatient) {
    await leave(tx, conversationId, person.id, person.id)
  } else if (part.role === 'OWNER' && !mayOwnGroups(person.role)) {
    const key = { conversationId_userId: { conversationId, userId: person.id } }
    await tx.participant.update({ where: key, data: { role: 'MEMBER' } })
    const people = current.map((participant) => participant.userId)
    await appendUpdates(tx, people, { kind: 'PARTICIPANT_CHANGED', conversationId, subjectId: person.id })
  } else return
  await succeedOwner(tx, conversation, person.id)
}
