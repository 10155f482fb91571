import type { Database } from '../../platform/db/database.js'
import type { UpdateKind } from '../../platform/db/types.js'

/** A row of a person's update stream. */
export interface UpdateRow {
  readonly userId: string
  readonly position: number
  readonly at: Date
  readonly kind: UpdateKind
  readonly conversationId: string | null
  readonly messageId: string | null
  readonly actorId: string | null
  readonly subjectId: string | null
  readonly sequence: number | null
  readonly emoji: string | null
  readonly conversationUnread: number | null
  readonly viewerUnread: number
}

/** Where a stream stands, and in which epoch. */
export interface StreamHead {
  readonly userId: string
  readonly epoch: number
  readonly position: number
  readonly at: Date
  readonly unread: number
  readonly unreadConversations: number
  readonly isActive: boolean
  readonly role: string
}

/** From where to read on in one stream. */
export interface ReadFrom {
  readonly userId: string
  readonly position: number
  readonly at: Date
}

/** The rows after each place, at most `limit` of each stream, each stream in its order; one statement. */
export function readRows(db: Database, from: readonly ReadFrom[], limit: number): Promise<UpdateRow[]> {
  return db.query<UpdateRow>(
    'stream-rows',
    `SELECT u.user_id AS "userId", u."position", u.at, u.kind, u.conversation_id AS "conversationId",
            u.message_id AS "messageId", u.actor_id AS "actorId", u.subject_id AS "subjectId", u.sequence, u.emoji,
            u.conversation_unread AS "conversationUnread", u.viewer_unread AS "viewerUnread"
       FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) AS f (user_id, after, at)
      CROSS JOIN LATERAL (
        SELECT * FROM updates r
         WHERE r.user_id = f.user_id AND r."position" > f.after AND r.at >= f.at
         ORDER BY r."position" LIMIT $4) u
      ORDER BY u.user_id, u."position"`,
    [from.map((f) => f.userId), from.map((f) => f.position), from.map((f) => f.at), limit],
  )
}

/** The heads of these people's streams; one statement, which the sweep runs about once a second. */
export function readHeads(db: Database, userIds: readonly string[]): Promise<StreamHead[]> {
  return db.query<StreamHead>(
    'stream-heads',
    `SELECT s.user_id AS "userId", d.epoch, s."position", s.at, s.unread, s.unread_conversations AS "unreadConversations",
            u.is_active AS "isActive", u.role
       FROM user_streams s
       JOIN users u ON u.id = s.user_id
      CROSS JOIN deployment d
      WHERE s.user_id = ANY ($1::uuid[])`,
    [userIds],
  )
}

/** The head of one stream. Everybody who can sign in has one. */
export async function readHead(db: Database, userId: string): Promise<StreamHead> {
  const [head] = await readHeads(db, [userId])
  if (!head) throw new Error('a person without an update stream')
  return head
}
