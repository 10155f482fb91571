/** What a person is told of outside the app: ids only, so that no channel learns what was said. */
export interface Notification {
  /** The same when a notification comes a second time: a channel that remembers it can drop the repetition. */
  readonly id: string
  readonly kind: string
  /** Which repeat this is, from 1. */
  readonly attempt: number
  readonly userId: string
  readonly messageId: string | null
  readonly conversationId: string | null
}

/**
 * A way to reach people. Resolves once the notification is handed over; what fails, or takes longer than a few seconds, comes
 * again in a later run. So a notification is handed over at least once.
 */
export interface Notifier {
  notify(notification: Notification): Promise<void>
}
