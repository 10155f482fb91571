import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceUnavailableError } from '../../errors.js'
import type { Database } from '../../platform/db/database.js'
import type { Log } from '../../platform/log.js'
import type { Hints } from '../stream/hints.js'

const pauseMilliseconds = 1000
const conversationsPerRound = 100

interface Heads {
  readonly userIds: string[]
  readonly positions: number[]
}

/**
 * Tells the senders in groups how far others have come, gathered: about once a second it looks for notes that are a second old.
 * The notes lie in the database, so what a killed node leaves another one tells; of two that look at once the second one waits
 * for the first one's transaction and then finds nothing.
 */
export class ReceiptTeller implements AsyncDisposable {
  private readonly stopping = new AbortController()
  private running: Promise<void> | null = null
  private isAway = false

  constructor(
    private readonly db: Database,
    private readonly hints: Hints,
    private readonly log: Log,
  ) {}

  start(): void {
    this.running ??= this.run()
  }

  /** Finishes the conversation that is under way; the others wait for another node, or for the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      // Aborted, it wakes at once.
      await sleep(pauseMilliseconds, undefined, { signal, ref: false }).catch(() => {})
      try {
        const failure = signal.aborted ? null : await this.tellDue()
        this.report(failure)
      } catch (error) {
        this.report(error)
      }
    }
  }

  private report(failure: unknown): void {
    if (failure !== null && !this.isAway)
      this.log.warn({ error: failure }, 'receipts in groups could not be told')
    this.isAway = failure !== null
  }

  /** Goes on past a conversation that fails, and returns the last failure; throws when the database does not answer. */
  private async tellDue(): Promise<unknown> {
    const failed: string[] = []
    let failure: unknown = null
    for (;;) {
      const conversationIds = await this.due(failed)
      for (const conversationId of conversationIds) {
        if (this.stopping.signal.aborted) return failure
        try {
          await this.tell(conversationId)
        } catch (error) {
          if (error instanceof ServiceUnavailableError && !error.isContended) throw error
          failed.push(conversationId)
          failure = error
        }
      }
      if (conversationIds.length < conversationsPerRound) return failure
    }
  }

  private async due(except: readonly string[]): Promise<string[]> {
    const rows = await this.db.query<{ conversationId: string }>(
      'due-receipts',
      `SELECT r.conversation_id AS "conversationId" FROM pending_receipts r
        WHERE r.since < clock_timestamp() - interval '1 second' AND r.conversation_id <> ALL ($1::uuid[])
        GROUP BY r.conversation_id ORDER BY min(r.since) LIMIT $2`,
      [except, conversationsPerRound],
    )
    return rows.map((row) => row.conversationId)
  }

  private async tell(conversationId: string): Promise<void> {
    const [heads] = await this.db.query<Heads>(
      'tell-receipts',
      'SELECT user_ids AS "userIds", positions FROM tell_receipts($1::uuid)',
      [conversationId],
    )
    if (heads) this.hints.columnsMoved(heads)
  }
}
