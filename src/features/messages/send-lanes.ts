import type { CannotSendReason } from '../../errors.js'
import type { Database } from '../../platform/db/database.js'
import type { MessagePriority } from '../../platform/db/types.js'
import { Lanes } from '../../platform/lanes.js'
import type { Metrics } from '../../platform/metrics/metrics.js'
import type { Hints } from '../stream/hints.js'

const largestBatch = 64
const parallelBatches = 2

/** One message on its way into the database, its body sealed. */
export interface OutgoingMessage {
  readonly id: string
  readonly conversationId: string
  readonly senderId: string
  readonly clientMessageId: string
  readonly bodySealed: Buffer
  readonly replyToId: string | null
  readonly readUpToId: string | null
  /** Each once. */
  readonly mentionIds: readonly string[]
  readonly priority: MessagePriority
  /** Null: now. Given for what was said elsewhere before. */
  readonly sentAt: Date | null
  readonly requestId: string
  readonly address: string | null
}

/** What the send function answers for one message. */
export type SendOutcome =
  | { readonly outcome: 'SENT'; readonly messageId: string; readonly sequence: number; readonly sentAt: Date }
  | { readonly outcome: 'REPLAYED'; readonly messageId: string }
  | { readonly outcome: 'CANNOT_SEND'; readonly reasons: readonly CannotSendReason[] }
  | { readonly outcome: 'RATE_LIMITED'; readonly retryAfterSeconds: number }
  | { readonly outcome: 'NOT_FOUND' | 'UNAUTHENTICATED' }

type Answer =
  | (SendOutcome & { readonly ordinal: number })
  | { readonly ordinal: number; readonly outcome: 'SKIPPED' }
  | {
      readonly ordinal: 0
      readonly outcome: 'HINTS'
      readonly userIds: string[] | null
      readonly positions: number[] | null
    }

/** Sends of all requests of this node, a lane per conversation, in batches through one call of the send function. */
export class SendLanes {
  private readonly lanes: Lanes<OutgoingMessage, SendOutcome>

  constructor(
    private readonly db: Database,
    private readonly hints: Hints,
    private readonly isOpenPolicy: boolean,
    private readonly metrics: Metrics,
  ) {
    this.lanes = new Lanes({
      keyOf: (message) => message.conversationId,
      run: (messages, mayPassOver) => this.sendBatch(messages, mayPassOver),
      largestBatch,
      parallel: parallelBatches,
    })
  }

  /** Settles once the message is committed (or refused), and the hint for its readers is on its way. */
  async send(message: OutgoingMessage): Promise<SendOutcome> {
    const start = performance.now()
    let outcome: SendOutcome['outcome'] | 'FAILED' = 'FAILED'
    try {
      const answer = await this.lanes.submit(message)
      outcome = answer.outcome
      return answer
    } finally {
      this.metrics.sends(outcome)
      this.metrics.sendSeconds((performance.now() - start) / 1000)
    }
  }

  private async sendBatch(
    batch: readonly OutgoingMessage[],
    mayPassOver: boolean,
  ): Promise<(SendOutcome | undefined)[]> {
    this.metrics.sendBatchSize(batch.length)
    const answers = await this.db.query<Answer>(
      'send-messages',
      `SELECT ordinal, outcome, message_id AS "messageId", message_sequence AS "sequence", message_sent_at AS "sentAt",
              reasons, retry_after AS "retryAfterSeconds", user_ids AS "userIds", positions
         FROM send_messages_v2($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bytea[], $6::uuid[], $7::uuid[],
                               $8::text[], $9::message_priority[], $10::timestamptz[], $11::text[], $12::text[], $13, $14)`,
      [
        batch.map((message) => message.id),
        batch.map((message) => message.conversationId),
        batch.map((message) => message.senderId),
        batch.map((message) => message.clientMessageId),
        batch.map((message) => message.bodySealed),
        batch.map((message) => message.replyToId),
        batch.map((message) => message.readUpToId),
        batch.map(({ mentionIds }) => (mentionIds.length === 0 ? null : `{${mentionIds.join()}}`)),
        batch.map((message) => message.priority),
        batch.map((message) => message.sentAt),
        batch.map((message) => message.requestId),
        batch.map((message) => message.address),
        this.isOpenPolicy,
        mayPassOver,
      ],
    )
    const outcomes = new Array<SendOutcome | undefined>(batch.length).fill(undefined)
    for (const answer of answers) {
      if (answer.outcome === 'HINTS') {
        this.hints.columnsMoved(answer)
      } else if (answer.outcome === 'SKIPPED') {
        this.metrics.sendsPassedOver()
      } else {
        outcomes[answer.ordinal - 1] = answer
      }
    }
    return outcomes
  }
}
