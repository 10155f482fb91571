import type { Database } from '../../platform/db/database.js'
import { appendUpdates, headsOf, lockForWrite } from '../stream/append.js'
import type { Hints } from '../stream/hints.js'

/**
 * Tells both sides of a person's DIRECT conversations that who may send there has changed: the job behind a deactivation
 * or a new role. One conversation a transaction, so that nobody's stream is held for long; may run again.
 */
export async function tellConversations(
  services: { db: Database; hints: Hints },
  userId: string,
): Promise<void> {
  const conversations = await services.db.read((client) =>
    client.conversation.findMany({
      where: { kind: 'DIRECT', OR: [{ patientId: userId }, { doctorId: userId }] },
      select: { id: true, patientId: true, doctorId: true },
    }),
  )
  for (const { id, patientId, doctorId } of conversations) {
    const people = [patientId, doctorId].filter((person) => person !== null)
    const heads = await services.db.transaction(async (tx) => {
      await lockForWrite(tx, [id], people)
      await appendUpdates(tx, people, { kind: 'CONVERSATION_CHANGED', conversationId: id })
      return headsOf(tx, people)
    })
    services.hints.streamsMoved(heads)
  }
}
