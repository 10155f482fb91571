import type { OperatorTransaction } from '../../platform/db/operator-connection.js'
import type { Sealed } from './write-messages.js'

/** A conversation as an import finds it, locked. */
export interface History {
  readonly isImporting: boolean
  /** Now or before. */
  readonly wasImported: boolean
  /** Whether there is more in it than imported messages. */
  readonly hasOthers: boolean
  /** The people who take part now. */
  readonly participantIds: Set<string>
  readonly now: Date
  /** When its last imported message was said; null before the first one. */
  lastSentAt: Date | null
}

/** Locks conversations, then their participants; no streams, since an import of messages tells nobody of them. */
export async function lockHistories(
  tx: OperatorTransaction,
  conversationIds: Iterable<string>,
): Promise<Map<string, History>> {
  const ids = [...conversationIds]
  const rows = await tx.query<Omit<History, 'participantIds'> & { id: string }>(
    'import-lock-conversations',
    `SELECT c.id, c.importing_since IS NOT NULL AS "isImporting", c.imported_until_sequence IS NOT NULL AS "wasImported",
            c.last_sequence <> coalesce(c.imported_until_sequence, 0) AS "hasOthers",
            CASE WHEN c.imported_until_sequence > 0 THEN c.last_activity_at END AS "lastSentAt", clock_timestamp() AS now
       FROM conversations c WHERE c.id = ANY ($1::uuid[]) ORDER BY c.id FOR UPDATE`,
    [ids],
  )
  const histories = new Map(rows.map(({ id, ...row }) => [id, { ...row, participantIds: new Set<string>() }]))
  const participants = await tx.query<{ conversationId: string; userId: string; isCurrent: boolean }>(
    'import-lock-participants',
    `SELECT p.conversation_id AS "conversationId", p.user_id AS "userId", p.left_at IS NULL AS "isCurrent"
       FROM participants p WHERE p.conversation_id = ANY ($1::uuid[]) ORDER BY p.id FOR UPDATE`,
    [ids],
  )
  for (const { conversationId, userId, isCurrent } of participants)
    if (isCurrent) histories.get(conversationId)?.participantIds.add(userId)
  return histories
}

/**
 * Writes messages behind what was imported before, in their order, and moves their conversations' people to the last of
 * them: it counts as delivered to them, read, and shown as read. One audit record a conversation names them all, with the
 * SHA-256 of the SHA-256s of their ciphertexts. The conversations are locked, and hold nothing but imported messages.
 */
export async function appendHistory(
  tx: OperatorTransaction,
  messages: readonly Sealed[],
  requestId: string,
): Promise<void> {
  await tx.query(
    'import-messages',
    `WITH said AS MATERIALIZED (
       SELECT r.*, (c.last_sequence + row_number() OVER (PARTITION BY r.conversation_id ORDER BY r.ordinal))::int AS sequence
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bytea[], $6::timestamptz[])
              WITH ORDINALITY AS r (id, conversation_id, sender_id, client_id, body, sent_at, ordinal)
         JOIN conversations c ON c.id = r.conversation_id
     ), newest AS MATERIALIZED (
       SELECT DISTINCT ON (s.conversation_id) s.conversation_id, s.sequence, s.sent_at
         FROM said s ORDER BY s.conversation_id, s.sequence DESC
     ), conversations_moved AS (
       UPDATE conversations c
          SET last_sequence = n.sequence, imported_until_sequence = n.sequence, last_activity_at = n.sent_at
         FROM newest n WHERE c.id = n.conversation_id
     ), participants_moved AS (
       UPDATE participants p
          SET last_message_sequence = n.sequence, last_activity_at = n.sent_at, last_delivered_sequence = n.sequence,
              last_read_sequence = n.sequence, shown_read_sequence = n.sequence
         FROM newest n WHERE p.conversation_id = n.conversation_id AND p.left_at IS NULL
     ), messages_written AS (
       INSERT INTO messages (id, conversation_id, sequence, sender_id, kind, client_message_id, body_sealed, sent_at, is_imported)
       SELECT s.id, s.conversation_id, s.sequence, s.sender_id, 'TEXT', s.client_id, s.body, s.sent_at, true FROM said s
     )
     INSERT INTO audit_events (action, outcome, subject_type, subject_id, conversation_id, message_ids, content_hash, request_id)
     SELECT 'message.import', 'ALLOWED', 'Conversation', s.conversation_id, s.conversation_id, array_agg(s.id ORDER BY s.sequence),
            sha256(string_agg(sha256(s.body), ''::bytea ORDER BY s.sequence)), $7
       FROM said s GROUP BY s.conversation_id`,
    [
      messages.map((message) => message.id),
      messages.map((message) => message.conversationId),
      messages.map((message) => message.senderId),
      messages.map((message) => message.clientMessageId),
      messages.map((message) => message.bodySealed),
      messages.map((message) => message.sentAt),
      requestId,
    ],
  )
}
