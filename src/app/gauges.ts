import type { Services } from '../features/context.js'
import type { Database } from '../platform/db/database.js'
import { Asking } from '../platform/metrics/asking.js'
import type { RedisLink } from '../platform/pubsub/redis.js'

const patienceMilliseconds = 1000
const freshMilliseconds = 5000
const mostCounted = 10_000

interface Queues {
  readonly due: number
  readonly running: number
  readonly later: number
  readonly failed: number
  readonly oldestDueSeconds: number
  readonly pendingReceipts: number
  readonly unsentNotifications: number
}

/**
 * Says where the metrics that nobody counts are looked up. What the database must be asked for is asked with one statement, and
 * at most once in five seconds, however often somebody scrapes.
 */
export function connectGauges(
  { db, hub, metrics }: Pick<Services, 'db' | 'hub' | 'metrics'>,
  redis: RedisLink | null,
): void {
  metrics.watchProcess()
  metrics.people(() => hub.size)
  metrics.connections(() => {
    const { busy, idle } = db.use
    return { busy, idle }
  })
  metrics.mostConnections(() => db.use.limit)
  metrics.waiting(() => db.use.waiting)
  if (redis) metrics.redisUp(() => (redis.isUp ? 1 : 0))

  const queues = new Asking(() => readQueues(db), patienceMilliseconds, freshMilliseconds)
  metrics.databaseAnswers(async () => ((await queues.answer()) ? 1 : 0))
  metrics.jobs(async () => {
    const answer = await queues.answer()
    if (!answer) return null
    const { due, running, later, failed } = answer
    return { due, running, later, failed }
  })
  metrics.oldestJobSeconds(async () => (await queues.answer())?.oldestDueSeconds ?? null)
  metrics.pendingReceipts(async () => (await queues.answer())?.pendingReceipts ?? null)
  metrics.unsentNotifications(async () => (await queues.answer())?.unsentNotifications ?? null)
}

async function readQueues(db: Database): Promise<Queues> {
  const [queues] = await db.query<Queues>(
    'queues',
    `SELECT count(*) FILTER (WHERE state = 'due') AS due, count(*) FILTER (WHERE state = 'running') AS running,
            count(*) FILTER (WHERE state = 'later') AS later, count(*) FILTER (WHERE state = 'failed') AS failed,
            coalesce(extract(epoch FROM clock_timestamp() - min(run_at) FILTER (WHERE state = 'due')), 0)::float8
              AS "oldestDueSeconds",
            (SELECT count(*) FROM (SELECT FROM pending_receipts LIMIT $1) p) AS "pendingReceipts",
            (SELECT count(*) FROM (
               SELECT n.message_id, n.user_id FROM notifications n WHERE n.sent_at IS NULL
                ORDER BY n.due_at DESC LIMIT $1) u
              WHERE NOT EXISTS (
                SELECT FROM acknowledgements a WHERE a.message_id = u.message_id AND a.user_id = u.user_id))
              AS "unsentNotifications"
       FROM (SELECT j.run_at,
                    CASE WHEN j.locked_at IS NOT NULL THEN 'running' WHEN j.attempts >= j.max_attempts THEN 'failed'
                         WHEN j.run_at > clock_timestamp() THEN 'later' ELSE 'due' END AS state
               FROM graphile_worker.jobs j LIMIT $1) jobs`,
    [mostCounted],
  )
  if (!queues) throw new Error('counting answers one row')
  return queues
}
