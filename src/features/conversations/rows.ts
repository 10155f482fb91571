import type { ConversationKind, ParticipantRole } from '../../platform/db/types.js'

/** A conversation as one viewer sees it: the conversation's columns and those of their own participant row. */
export interface ConversationRow {
  readonly id: string
  readonly kind: ConversationKind
  readonly titleSealed: Buffer | null
  readonly titleRevision: number
  readonly patientId: string | null
  readonly doctorId: string | null
  readonly closedAt: Date | null
  readonly createdAt: Date
  readonly role: ParticipantRole
  readonly leftAt: Date | null
  readonly lastReadSequence: number
  readonly unread: number
  readonly isMarkedUnread: boolean
  readonly archivedAt: Date | null
  readonly mutedUntil: Date | null
  readonly lastMessageSequence: number | null
  readonly lastActivityAt: Date
}

/** The columns of a ConversationRow; `c` is the conversation, `p` the viewer's participant row. */
export const conversationColumns = `c.id, c.kind, c.title_sealed AS "titleSealed", c.title_revision AS "titleRevision",
  c.patient_id AS "patientId", c.doctor_id AS "doctorId", coalesce(c.closed_at, c.importing_since) AS "closedAt", c.created_at AS "createdAt",
  p.role, p.left_at AS "leftAt", p.last_read_sequence AS "lastReadSequence", p.unread,
  p.is_marked_unread AS "isMarkedUnread", p.archived_at AS "archivedAt", p.muted_until AS "mutedUntil",
  p.last_message_sequence AS "lastMessageSequence", p.last_activity_at AS "lastActivityAt"`

/** Somebody's part in a conversation. */
export interface ParticipantRow {
  readonly id: string
  readonly conversationId: string
  readonly userId: string
  readonly role: ParticipantRole
  readonly joinedAt: Date
  readonly leftAt: Date | null
  readonly lastDeliveredSequence: number
  readonly lastReadSequence: number
  /** How far others may know that this person has read. */
  readonly shownReadSequence: number
}

/** The columns of a ParticipantRow of the table alias `p`. */
export const participantColumns = `p.id, p.conversation_id AS "conversationId", p.user_id AS "userId", p.role,
  p.joined_at AS "joinedAt", p.left_at AS "leftAt", p.last_delivered_sequence AS "lastDeliveredSequence",
  p.last_read_sequence AS "lastReadSequence", p.shown_read_sequence AS "shownReadSequence"`
