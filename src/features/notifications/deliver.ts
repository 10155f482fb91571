import type { Database } from '../../platform/db/database.js'
import type { Log } from '../../platform/log.js'
import type { Notification, Notifier } from '../../platform/notify/notifier.js'

const perTransaction = 20
// Below the three seconds for which a transaction may lie idle.
const patienceMilliseconds = 2000
const longestRunMilliseconds = 45_000

/** What delivering needs of a node. */
export interface Delivery {
  readonly db: Database
  readonly notifier: Notifier
  readonly log: Log
}

interface Place {
  readonly id: string
  /** As PostgreSQL writes it: a Date would lose the microseconds, and this row would come again. */
  readonly dueAt: string
}

const end: Place = { id: 'ffffffff-ffff-ffff-ffff-ffffffffffff', dueAt: 'infinity' }

/**
 * Hands over what is recorded and unsent, each at least once: a worker that is killed between the channel's answer and the
 * commit leaves it unsent, and it goes out again under the same id. What fails stays for the next run and does not stop the
 * others; the newest come first, so that what a channel refuses for long does not stand before what is due now. What was
 * acknowledged meanwhile, deleted or repeated, or concerns somebody who has left, is not sent any more. A run ends after 45 s, or with the page that is under way when the node stops.
 */
export async function deliverNotifications(delivery: Delivery, stopping: AbortSignal): Promise<void> {
  const deadline = Date.now() + longestRunMilliseconds
  let failures = 0
  let place = end
  while (Date.now() < deadline && !stopping.aborted) {
    const page = await unsentBefore(delivery.db, place)
    const last = page.at(-1)
    if (!last) break
    failures += await deliverPage(delivery, page)
    place = last
  }
  if (failures > 0) delivery.log.warn({ failures }, 'notifications could not be delivered')
}

function unsentBefore(db: Database, place: Place): Promise<Place[]> {
  return db.query<Place>(
    'unsent-notifications',
    `SELECT n.id, n.due_at::text AS "dueAt" FROM notifications n
      WHERE n.sent_at IS NULL AND (n.due_at, n.id) < ($1::timestamptz, $2::uuid)
        AND NOT EXISTS (SELECT 1 FROM acknowledgements a WHERE a.message_id = n.message_id AND a.user_id = n.user_id)
        AND NOT EXISTS (SELECT 1 FROM notifications later WHERE later.message_id = n.message_id AND later.user_id = n.user_id
                           AND later.kind = n.kind AND later.attempt > n.attempt)
        AND EXISTS (SELECT 1 FROM messages m
                      JOIN participants p ON p.conversation_id = m.conversation_id AND p.user_id = n.user_id AND p.left_at IS NULL
                      JOIN users u ON u.id = p.user_id AND u.is_active
                     WHERE m.id = n.message_id AND m.deleted_at IS NULL)
      ORDER BY n.due_at DESC, n.id DESC LIMIT $3`,
    [place.dueAt, place.id, perTransaction],
  )
}

/** Notifies what no other worker is about to, and returns how many failed. */
function deliverPage({ db, notifier }: Delivery, page: readonly Place[]): Promise<number> {
  const ids = page.map(({ id }) => id)
  return db.transaction(async (tx) => {
    const unsent = await tx.$queryRaw<Notification[]>`
      SELECT n.id, n.kind, n.attempt, n.user_id AS "userId", n.message_id AS "messageId", n.conversation_id AS "conversationId"
        FROM notifications n WHERE n.id = ANY (${ids}::uuid[]) AND n.sent_at IS NULL
       ORDER BY n.due_at DESC, n.id DESC FOR UPDATE SKIP LOCKED`
    const outcomes = await Promise.allSettled(unsent.map((notification) => patiently(notifier, notification)))
    const sent = unsent.filter((_, index) => outcomes[index]?.status === 'fulfilled').map(({ id }) => id)
    await tx.$executeRaw`UPDATE notifications SET sent_at = clock_timestamp() WHERE id = ANY (${sent}::uuid[])`
    return unsent.length - sent.length
  })
}

/** A channel that does not answer has failed; should it answer later, the notification comes twice. */
async function patiently(notifier: Notifier, notification: Notification): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the channel does not answer')), patienceMilliseconds)
  })
  try {
    await Promise.race([notifier.notify(notification), silence])
  } finally {
    clearTimeout(timer)
  }
}
