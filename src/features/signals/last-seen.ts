import type { Database } from '../../platform/db/database.js'
import type { Log } from '../../platform/log.js'

const peoplePerStatement = 1000

/**
 * Writes when people were last connected, many with one statement and each at most once a minute. It stands still for who is
 * INVISIBLE. Rows that somebody else holds are left out: the time is a signal, and waits for nobody.
 */
export class LastSeen {
  private readonly noted = new Set<string>()
  private writing: Promise<void> | null = null

  constructor(
    private readonly db: Database,
    private readonly log: Log,
  ) {}

  /** This person comes or goes now; written with the next `flush`, which is due by itself. */
  note(userId: string): void {
    this.noted.add(userId)
    void this.flush()
  }

  /**
   * This person vanished at that time. Answers whether that is on record; who is INVISIBLE keeps the time of becoming so. Never
   * rejects.
   */
  async noteAt(userId: string, vanishedAt: Date): Promise<boolean> {
    try {
      await this.db.query(
        'vanished',
        `UPDATE users SET last_seen_at = $2::timestamptz
          WHERE id = $1::uuid AND availability <> 'INVISIBLE' AND (last_seen_at IS NULL OR last_seen_at < $2::timestamptz)`,
        [userId, vanishedAt],
      )
      return true
    } catch (error) {
      this.log.debug({ error }, 'the time when somebody vanished could not be written')
      return false
    }
  }

  /** Settles when everything noted before is written, or could not be. Never rejects. */
  async flush(): Promise<void> {
    // What is noted during one statement goes together into the next.
    while (this.noted.size > 0) {
      this.writing ??= this.write().finally(() => {
        this.writing = null
      })
      await this.writing
    }
    await this.writing
  }

  private async write(): Promise<void> {
    // A turn later, so that those who come or go together are written together.
    await new Promise(setImmediate)
    const userIds = [...this.noted].slice(0, peoplePerStatement)
    for (const userId of userIds) this.noted.delete(userId)
    try {
      await this.db.query(
        'last-seen',
        `UPDATE users SET last_seen_at = clock_timestamp()
          WHERE id IN (
            SELECT id FROM users
             WHERE id = ANY ($1::uuid[]) AND availability <> 'INVISIBLE'
               AND (last_seen_at IS NULL OR last_seen_at < clock_timestamp() - interval '1 minute')
             ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)`,
        [userIds],
      )
    } catch (error) {
      this.log.debug({ error }, 'the times when people were last seen could not be written')
    }
  }
}
