import type { Bus } from '../../platform/pubsub/pubsub.js'

/**
 * Tells every node which streams a commit has moved, one message for the whole commit. To be called after the
 * commit; lost hints cost a second, not an update: the sweep finds what they would have told.
 */
export class Hints {
  constructor(private readonly bus: Bus) {}

  streamsMoved(heads: Iterable<readonly [userId: string, position: number]>): void {
    const payload = [...heads]
    if (payload.length > 0) this.bus.publish('hints', payload)
  }

  /** The same, as the SQL functions answer it. */
  columnsMoved(answer: {
    readonly userIds: readonly string[] | null
    readonly positions: readonly number[] | null
  }): void {
    this.streamsMoved(
      (answer.userIds ?? []).map((userId, index) => [userId, answer.positions?.[index] ?? 0] as const),
    )
  }

  personChanged(userId: string): void {
    this.bus.publish('people', { userId })
  }
}
