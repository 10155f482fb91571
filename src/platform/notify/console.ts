import type { Log } from '../log.js'
import type { Notifier } from './notifier.js'

/** Notifies nobody: one line in the log for each notification. */
export function consoleNotifier(log: Log): Notifier {
  return {
    notify: async ({ id, kind, attempt, userId, messageId, conversationId }) =>
      log.info({ id, kind, attempt, userId, messageId, conversationId }, 'a notification'),
  }
}
