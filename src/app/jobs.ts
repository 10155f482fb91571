import type { Services } from '../features/context.js'
import { deliverNotifications } from '../features/notifications/deliver.js'
import { forgetNotifications } from '../features/notifications/forget.js'
import { tellConversations } from '../features/people/tell-conversations.js'
import { trimUpdates } from '../features/stream/trim.js'
import { repeatUrgent } from '../features/urgent/repeat.js'
import { freeJobs, startJobs } from '../platform/jobs.js'
import type { Notifier } from '../platform/notify/notifier.js'

// Once a minute a repeat is due or it isn't: the key keeps what could not be done in time from piling up, and takes the job of a
// killed worker, which nobody else may touch for four hours, out of the way of the next one.
const crontab = `
17 3 * * * ensure-partitions
29 3 * * * trim-updates
41 3 * * * forget-notifications
* * * * * repeat-urgent ?jobKey=repeat-urgent
*/5 * * * * free-jobs ?jobKey=free-jobs
`

/** What a node does in the background: which job is done by whom. */
export function startBackground(
  services: Services,
  connectionString: string,
  notifier: Notifier,
): Promise<AsyncDisposable> {
  const { config, db, log } = services
  return startJobs({
    connectionString,
    log,
    crontab,
    tasks: {
      'tell-conversations': (payload) => tellConversations(services, userIdOf(payload)),
      'ensure-partitions': async () => {
        await db.query('ensure-partitions', 'SELECT ensure_update_partitions(4)', [])
      },
      'trim-updates': async () => {
        const dropped = await trimUpdates(connectionString, config.updateRetentionDays)
        if (dropped.length > 0) log.info({ dropped }, 'old updates were trimmed')
      },
      'repeat-urgent': async (_payload, stopping) => {
        await repeatUrgent(db)
        await deliverNotifications({ db, notifier, log }, stopping)
      },
      'forget-notifications': () => forgetNotifications(db),
      'free-jobs': () => freeJobs(db),
    },
  })
}

function userIdOf(payload: unknown): string {
  if (typeof payload === 'object' && payload !== null && 'userId' in payload) return String(payload.userId)
  throw new Error('a job without its person')
}
