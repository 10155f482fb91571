import type { Database } from '../../platform/db/database.js'

const messagesPerTransaction = 50

/**
 * Records the repeats that are due: one notification for each person who was asked to acknowledge an urgent message and has
 * not. Run once a minute, so one is recorded up to a minute late; its due time is exact. Interrupted, the transaction under way
 * is undone, and whichever worker runs next does it; workers that run at once pass over each other's messages.
 */
export async function repeatUrgent(db: Database): Promise<void> {
  for (;;) {
    const [answer] = await db.query<{ repeated: number }>(
      'repeat-urgent',
      'SELECT repeat_urgent($1) AS repeated',
      [messagesPerTransaction],
    )
    if (!answer || answer.repeated === 0) return
  }
}
