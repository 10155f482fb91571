import type { Database } from '../../platform/db/database.js'

const keptDays = 30
const perStatement = 1000

/** Deletes the notifications that were due more than 30 days ago, sent or not, a few at a time. May run again. */
export async function forgetNotifications(db: Database): Promise<void> {
  for (;;) {
    const deleted = await db.query<{ id: string }>(
      'forget-notifications',
      `DELETE FROM notifications WHERE id = ANY (ARRAY(
         SELECT n.id FROM notifications n WHERE n.due_at < clock_timestamp() - make_interval(days => $1)
          ORDER BY n.due_at LIMIT $2 FOR UPDATE SKIP LOCKED))
       RETURNING id`,
      [keptDays, perStatement],
    )
    if (deleted.length < perStatement) return
  }
}
