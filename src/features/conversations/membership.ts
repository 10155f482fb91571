import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import { newId } from '../../platform/ids.js'
import { appendUpdates } from '../stream/append.js'
import { writeSystemMessage } from './system-messages.js'

/** The people who take part now, those who joined first first. */
export async function currentParticipants(tx: Tx, conversationId: string) {
  return tx.participant.findMany({
    where: { conversationId, leftAt: null },
    select: { userId: true, role: true, joinedAt: true, user: { select: { role: true, isActive: true } } },
    orderBy: [{ joinedAt: 'asc' }, { id: 'asc' }],
  })
}

/**
 * Opens a stay for each, one after the other: from its own SYSTEM message on, the person sees everything. The transaction holds
 * all locks, also of these people's streams.
 */
export async function join(
  tx: Tx,
  conversationId: string,
  userIds: readonly string[],
  actorId: string,
): Promise<void> {
  const ids = () => userIds.map(() => newId())
  await tx.$executeRaw`SELECT join_members(${conversationId}::uuid, ${userIds}::uuid[], ${ids()}::uuid[], ${ids()}::uuid[],
    ${actorId}::uuid)`
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
