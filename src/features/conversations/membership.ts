import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import { newId } from '../../platform/ids.js'
import { appendUpdates } from '../stream/append.js'
import { setArchived } from './own-part.js'
import { writeSystemMessage } from './system-messages.js'

/** The people who take part now, those who joined first first. */
export async function currentParticipants(tx: Tx, conversationId: string) {
  return tx.participant.findMany({
    where: { conversationId, leftAt: null },
    select: { userId: true, role: true, joinedAt: true, user: { select: { role: true, isActive: true } } },
    orderBy: [{ joinedAt: 'asc' }, { id: 'asc' }],
  })
}

/** Opens a stay: from its own SYSTEM message on, the person sees everything. The transaction holds all locks. */
export async function join(tx: Tx, conversationId: string, userId: string, actorId: string): Promise<void> {
  const others = (await currentParticipants(tx, conversationId)).map((participant) => participant.userId)
  const joinedAt = await timeOf(tx)
  await tx.participant.upsert({
    where: { conversationId_userId: { conversationId, userId } },
    create: { id: newId(), conversationId, userId, role: 'MEMBER', joinedAt, lastActivityAt: joinedAt },
    update: { role: 'MEMBER', joinedAt, leftAt: null },
  })
  // Who is added again would not look for it among what they have put away.
  await setArchived(tx, conversationId, userId, false)
  await appendUpdates(tx, [userId], { kind: 'CONVERSATION_OPENED', conversationId, actorId })
  await appendUpdates(tx, others, { kind: 'PARTICIPANT_JOINED', conversationId, actorId, subjectId: userId })
  const sequence = await writeSystemMessage(tx, {
    conversationId,
    kind: 'PARTICIPANT_JOINED',
    actorId,
    subjectId: userId,
  })
  await tx.membership.create({ data: { conversationId, userId, fromSequence: sequence } })
}

/** Ends a stay with the SYSTEM message that tells of it, the last thing that the person sees. All locks are held. */
export async function leave(tx: Tx, conversationId: string, userId: string, actorId: string): Promise<void> {
  await tx.participant.update({
    where: { conversationId_userId: { conversationId, userId } },
    data: { leftAt: await timeOf(tx), role: 'MEMBER' },
  })
  const kind = userId === actorId ? 'PARTICIPANT_LEFT' : 'PARTICIPANT_REMOVED'
  const toSequence = await writeSystemMessage(tx, {
    conversationId,
    kind,
    actorId,
    subjectId: userId,
    alsoFor: [userId],
  })
  await tx.membership.updateMany({
    where: { conversationId, userId, toSequence: null },
    data: { toSequence },
  })
  const current = await currentParticipants(tx, conversationId)
  const told = [...current.map((participant) => participant.userId), userId]
  await appendUpdates(tx, told, { kind: 'PARTICIPANT_LEFT', conversationId, actorId, subjectId: userId })
}
