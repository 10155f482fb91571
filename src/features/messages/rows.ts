import type { MessageKind, MessagePriority, SystemEventKind } from '../../platform/db/types.js'

/** A message as stored, its body sealed. Only ever handed to somebody who may see it. */
export interface MessageRow {
  readonly id: string
  readonly conversationId: string
  readonly sequence: number
  readonly senderId: string | null
  readonly kind: MessageKind
  readonly priority: MessagePriority
  readonly clientMessageId: string | null
  readonly bodySealed: Buffer | null
  readonly revision: number
  readonly replyToId: string | null
  readonly sentAt: Date
  readonly editedAt: Date | null
  readonly deletedAt: Date | null
  readonly deletedById: string | null
  readonly eventKind: SystemEventKind | null
  readonly eventActorId: string | null
  readonly eventSubjectId: string | null
  readonly eventTextSealed: Buffer | null
  readonly pinnedAt: Date | null
  /** How many are mentioned, and how many reactions there are: where it is none, nothing more is read. */
  readonly mentionCount: number
  readonly reactionCount: number
  /** Said elsewhere before, and read by everybody. */
  readonly isImported: boolean
}

const columnsWith = (
  body: string,
) => `m.id, m.conversation_id AS "conversationId", m.sequence, m.sender_id AS "senderId", m.kind, m.priority,
  m.client_message_id AS "clientMessageId", ${body} AS "bodySealed", m.revision, m.reply_to_id AS "replyToId",
  m.sent_at AS "sentAt", m.edited_at AS "editedAt", m.deleted_at AS "deletedAt", m.deleted_by_id AS "deletedById",
  m.event_kind AS "eventKind", m.event_actor_id AS "eventActorId", m.event_subject_id AS "eventSubjectId",
  m.event_text_sealed AS "eventTextSealed", m.pinned_at AS "pinnedAt", m.mention_count AS "mentionCount",
  m.reaction_count AS "reactionCount", m.is_imported AS "isImported"`

/** The columns of a MessageRow of the table alias `m`. */
export const messageColumns = columnsWith('m.body_sealed')

/** The same for a statement that reads a message for many people: the body comes once. To be read with `shareMessages`. */
export const sharedMessageColumns = columnsWith(
  'CASE WHEN row_number() OVER (PARTITION BY m.id) = 1 THEN m.body_sealed END',
)

/** One object for each message, with its body, however many people it was read for: so it is opened once, too. */
export function shareMessages(rows: readonly MessageRow[]): Map<string, MessageRow> {
  const shared = new Map<string, MessageRow>()
  for (const row of rows) if (row.bodySealed !== null || !shared.has(row.id)) shared.set(row.id, row)
  return shared
}
