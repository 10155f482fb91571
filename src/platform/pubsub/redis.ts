import { Redis } from 'ioredis'
import type { Log } from '../log.js'

/**
 * The connections of a node to its Redis. One line is logged when it goes and one when it is back, however often the
 * client tries and however many connections there are. Nothing here ever throws because Redis is away.
 */
export class RedisLink implements AsyncDisposable {
  private readonly connections: Redis[] = []
  private up = true

  constructor(
    private readonly url: string,
    private readonly log: Log,
  ) {}

  /** Whether it answered when it was last heard of. */
  get isUp(): boolean {
    return this.up
  }

  /**
   * One more connection. What is asked of it while Redis is away fails at once: a Redis that accepts and never answers must not
   * gather commands. A subscriber waits instead; its commands may overtake the check whether Redis is ready, which would
   * then fail, so it does without.
   */
  connect({ isSubscriber }: { readonly isSubscriber: boolean }): Redis {
    const redis = new Redis(this.url, {
      enableOfflineQueue: isSubscriber,
      enableReadyCheck: !isSubscriber,
      ...(isSubscriber ? {} : { commandTimeout: 1000 }),
      maxRetriesPerRequest: isSubscriber ? null : 0,
      retryStrategy: (times) => Math.min(times * 100, 1000),
    })
    redis.on('error', (error) => {
      if (this.isUp) {
        this.log.warn(
          { failure: error instanceof Error ? error.message : String(error) },
          'Redis is away: live delivery falls back to the sweep',
        )
      }
      this.up = false
    })
    redis.on('ready', () => {
      if (!this.isUp) this.log.info('Redis is back')
      this.up = true
    })
    this.connections.push(redis)
    return redis
  }

  /** Cuts, rather than waiting for a QUIT that a lost connection never answers. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections) connection.disconnect()
  }
}
