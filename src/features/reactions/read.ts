import type { Database } from '../../platform/db/database.js'
import { groupBy } from '../../platform/group-by.js'
import type { Reading, VerbContext } from '../context.js'

/** As many as are read with the counts; who asks for more has them read. */
export const reactorsShown = 10

/** One emoji on a message. */
export interface ReactionRow {
  readonly messageId: string
  readonly emoji: string
  readonly count: number
  /** Who put it there first, in the order in which they did. */
  readonly firstUserIds: readonly string[]
}

/**
 * The reactions to messages that the caller may see, the emoji that came first first. The same for every viewer, so that
 * one read serves all of a node's people.
 */
export async function reactionsOf(
  { db }: { readonly db: Database },
  messageIds: readonly string[],
): Promise<ReactionRow[][]> {
  const rows = await db.query<ReactionRow>(
    'reactions-of',
    `SELECT message_id AS "messageId", emoji, count(*)::int AS count,
            (array_agg(user_id ORDER BY at, user_id))[1:${reactorsShown}] AS "firstUserIds"
       FROM reactions WHERE message_id = ANY ($1::uuid[])
      GROUP BY message_id, emoji ORDER BY message_id, min(at), emoji`,
    [messageIds],
  )
  const byMessage = groupBy(rows, (row) => row.messageId)
  return messageIds.map((id) => byMessage.get(id) ?? [])
}

export interface Reactors {
  readonly messageId: string
  readonly emoji: string
  readonly first: number
}

/** The first so many who put an emoji on a message; one statement. */
export async function reactorsOf(ctx: VerbContext, asked: readonly Reactors[]): Promise<string[][]> {
  const rows = await ctx.db.query<{ userIds: string[] }>(
    'reactors-of',
    `SELECT array(SELECT r.user_id FROM reactions r WHERE r.message_id = k.message_id AND r.emoji = k.emoji
                   ORDER BY r.at, r.user_id LIMIT k.first) AS "userIds"
       FROM unnest($1::uuid[], $2::text[], $3::int[]) WITH ORDINALITY AS k (message_id, emoji, first, ordinal)
      ORDER BY k.ordinal`,
    [asked.map((key) => key.messageId), asked.map((key) => key.emoji), asked.map((key) => key.first)],
  )
  return rows.map((row) => row.userIds)
}

/** Which emoji the viewer has put on each of these messages. */
export function ownReactionsOf(ctx: VerbContext, messageIds: readonly string[]): Promise<string[][]> {
  return ctx.gathering.load(
    reactionsBy,
    messageIds.map((messageId) => ({ messageId, userId: ctx.viewer.id })),
  )
}

async function reactionsBy(
  { db }: Reading,
  keys: readonly { readonly messageId: string; readonly userId: string }[],
): Promise<string[][]> {
  const rows = await db.query<{ emoji: string[] }>(
    'reactions-by',
    `SELECT array(SELECT r.emoji FROM reactions r WHERE r.message_id = k.message_id AND r.user_id = k.user_id) AS emoji
       FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k (message_id, user_id, ordinal) ORDER BY k.ordinal`,
    [keys.map((key) => key.messageId), keys.map((key) => key.userId)],
  )
  return rows.map((row) => row.emoji)
}
