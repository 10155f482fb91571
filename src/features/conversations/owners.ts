import type { Tx } from '../../platform/db/database.js'
import { appendUpdates } from '../stream/append.js'
import { closeNow } from './close.js'
import { currentParticipants } from './membership.js'
import { writeSystemMessage } from './system-messages.js'

/**
 * After an owner has gone: where no other is left, the longest-standing doctor, else staff member, becomes owner; with
 * neither, the group closes. All locks are held.
 */
export async function succeedOwner(
  tx: Tx,
  conversation: { id: string; closedAt: Date | null },
  actorId: string,
): Promise<void> {
  const remaining = await currentParticipants(tx, conversation.id)
  if (remaining.some((participant) => participant.role === 'OWNER')) return
  const active = remaining.filter((participant) => participant.user.isActive)
  const successor =
    active.find((participant) => participant.user.role === 'DOCTOR') ??
    active.find((participant) => participant.user.role === 'STAFF')
  if (successor) await makeOwner(tx, conversation.id, successor.userId, actorId)
  else if (conversation.closedAt === null) await closeNow(tx, conversation.id, actorId)
}

/** Makes a current participant an owner and says so. All locks are held. */
export async function makeOwner(
  tx: Tx,
  conversationId: string,
  userId: string,
  actorId: string,
): Promise<void> {
  await tx.participant.update({
    where: { conversationId_userId: { conversationId, userId } },
    data: { role: 'OWNER' },
  })
  const current = (await currentParticipants(tx, conversationId)).map((participant) => participant.userId)
  await appendUpdates(tx, current, {
    kind: 'PARTICIPANT_CHANGED',
    conversationId,
    actorId,
    subjectId: userId,
  })
  await writeSystemMessage(tx, { conversationId, kind: 'OWNER_CHANGED', actorId, subjectId: userId })
}
