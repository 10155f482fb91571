import type { Database, Tx } from '../../platform/db/database.js'
import { adjustToRole } from '../conversations/role-changes.js'
import { appendUpdates, headsOf, lockForWrite } from '../stream/append.js'
import type { Hints } from '../stream/hints.js'

/**
 * Carries a deactivation or a new role into a person's conversations: both sides of the DIRECT ones are told that who may
 * send there has changed, groups are brought in line with the role. One conversation a transaction, so that nobody's stream
 * is held for long; may run again.
 */
export async function tellConversations(
  services: { db: Database; hints: Hints },
  userId: string,
): Promise<void> {
  const parts = await services.db.read((client) =>
    client.participant.findMany({ where: { userId, leftAt: null }, select: { conversationId: true } }),
  )
  for (const { conversationId } of parts) {
    const heads = await services.db.transaction((tx) => tellOne(tx, conversationId, userId))
    services.hints.streamsMoved(heads)
  }
}

async function tellOne(tx: Tx, conversationId: string, userId: string) {
  await lockForWrite(tx, [conversationId], [userId])
  const { kind, participants, ...conversation } = await tx.conversation.findUniqueOrThrow({
    where: { id: conversationId },
    select: {
      id: true,
      kind: true,
      patientId: true,
      closedAt: true,
      participants: { select: { userId: true } },
    },
  })
  const people = participants.map((participant) => participant.userId)
  if (kind === 'DIRECT') await appendUpdates(tx, people, { kind: 'CONVERSATION_CHANGED', conversationId })
  else {
    const person = await tx.user.findUniqueOrThrow({
      where: { id: userId },
      select: { id: true, role: true },
    })
    await adjustToRole(tx, conversation, person)
  }
  return headsOf(tx, people)
}
