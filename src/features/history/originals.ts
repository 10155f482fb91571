import { UnreadableError } from '../../platform/crypto/envelope.js'
import { bodyPlace } from '../messages/body.js'
import type { ImportContext } from './context.js'
import type { Incoming } from './incoming.js'

/** What stands under a message's key already. */
export interface Original {
  /** As first sent; null once deleted, undefined where it does not open. */
  readonly body: string | null | undefined
  /** Null: a message that was sent here, whose time is the server's. */
  readonly sentAt: Date | null
}

/** A clientMessageId is unique per sender and conversation. */
export function keyOf(message: Pick<Incoming, 'conversationId' | 'senderId' | 'clientMessageId'>): string {
  return `${message.conversationId}:${message.senderId}:${message.clientMessageId}`
}

/** Null where the original is the same message; else what differs. Of a deleted one nothing is compared, as in a send. */
export function isSameAs(message: Incoming, { body, sentAt }: Original): string | null {
  if (body === null) return null
  if (body === undefined) return 'clientMessageId: it is there already, and does not decrypt'
  if (body !== message.body) return 'clientMessageId: it is there already, for another text'
  if (sentAt !== null && sentAt.getTime() !== message.sentAt.getTime())
    return 'clientMessageId: it is there already, at another time'
  return null
}

interface Row {
  readonly id: string
  readonly conversationId: string
  readonly senderId: string
  readonly clientMessageId: string
  readonly sentAt: Date | null
  readonly isDeleted: boolean
  readonly bodySealed: Buffer | null
}

/** What stands under these messages' keys, by keyOf. Needs no lock: what is found once stays, as a tombstone at least. */
export async function findOriginals(
  ctx: Pick<ImportContext, 'db' | 'vault'>,
  messages: readonly Incoming[],
): Promise<Map<string, Original>> {
  const rows = await ctx.db.query<Row>(
    'import-originals',
    `SELECT m.id, m.conversation_id AS "conversationId", m.sender_id AS "senderId", m.client_message_id AS "clientMessageId",
            CASE WHEN m.is_imported THEN m.sent_at END AS "sentAt", m.deleted_at IS NOT NULL AS "isDeleted",
            coalesce(first.body_sealed, m.body_sealed) AS "bodySealed"
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS k (conversation_id, sender_id, client_message_id)
       JOIN messages m ON m.conversation_id = k.conversation_id AND m.sender_id = k.sender_id
        AND m.client_message_id = k.client_message_id
       LEFT JOIN message_revisions first ON first.message_id = m.id AND first.revision = 0`,
    [
      messages.map((message) => message.conversationId),
      messages.map((message) => message.senderId),
      messages.map((message) => message.clientMessageId),
    ],
  )
  await ctx.vault.prepare(rows.map((row) => row.conversationId))
  const entries = await Promise.all(
    rows.map(async (row) => [keyOf(row), { body: await openedBody(ctx, row), sentAt: row.sentAt }] as const),
  )
  return new Map(entries)
}

async function openedBody(ctx: Pick<ImportContext, 'vault'>, row: Row): Promise<string | null | undefined> {
  if (row.isDeleted || row.bodySealed === null) return null
  try {
    return await ctx.vault.open(bodyPlace(row, 0), row.bodySealed)
  } catch (error) {
    if (error instanceof UnreadableError) return undefined
    throw error
  }
}
