import type { CannotSendReason } from '../../errors.js'
import type { Database } from '../../platform/db/database.js'
import type { Reading, VerbContext } from '../context.js'
import type { UpdateRow } from '../stream/rows.js'
import type { PersonInConversation } from './participants.js'
import { visibleConversationSql } from './policy.js'
import { type ConversationRow, conversationColumns } from './rows.js'

/** The conversations of these ids that the viewer may see, in the order asked; null for the others. */
export async function conversationsById(
  ctx: VerbContext,
  ids: readonly string[],
): Promise<(ConversationRow | null)[]> {
  const rows = await ctx.db.query<ConversationRow>(
    'conversations-by-id',
    `SELECT ${conversationColumns} FROM conversations c
       JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2::uuid
      WHERE c.id = ANY ($1::uuid[]) AND ${visibleConversationSql('$2::uuid')}`,
    [ids, ctx.viewer.id],
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id) ?? null)
}

/** The conversations of these updates, or other keys, each as its person sees it; one statement for all of a node's people. */
export async function conversationsFor<Key extends Pick<UpdateRow, 'userId' | 'conversationId'>>(
  db: Database,
  updates: readonly Key[],
): Promise<Map<Key, ConversationRow | null>> {
  const asked = updates.filter((update) => update.conversationId !== null)
  if (asked.length === 0) return new Map()
  const rows = await db.query<ConversationRow & { viewerId: string }>(
    'conversations-of-updates',
    `SELECT p.user_id AS "viewerId", ${conversationColumns}
       FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[])) AS k (conversation_id, user_id)
       JOIN conversations c ON c.id = k.conversation_id
       JOIN participants p ON p.conversation_id = c.id AND p.user_id = k.user_id
      WHERE ${visibleConversationSql('k.user_id')}`,
    [asked.map((update) => update.conversationId), asked.map((update) => update.userId)],
  )
  const visible = new Map(rows.map((row) => [`${row.viewerId}:${row.id}`, row]))
  return new Map(
    asked.map(
      (update) => [update, visible.get(`${update.userId}:${update.conversationId}`) ?? null] as const,
    ),
  )
}

/** The DIRECT conversations with these people that the viewer may see; null where there is none. */
export async function directConversationsWith(
  ctx: VerbContext,
  userIds: readonly string[],
): Promise<(ConversationRow | null)[]> {
  const rows = await ctx.db.query<ConversationRow>(
    'direct-conversations-with',
    `SELECT ${conversationColumns} FROM conversations c
       JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2::uuid
      WHERE c.kind = 'DIRECT' AND ${visibleConversationSql('$2::uuid')}
        AND (c.patient_id = $2::uuid AND c.doctor_id = ANY ($1::uuid[])
             OR c.doctor_id = $2::uuid AND c.patient_id = ANY ($1::uuid[]))`,
    [userIds, ctx.viewer.id],
  )
  return userIds.map((id) => rows.find((row) => row.patientId === id || row.doctorId === id) ?? null)
}

/** Why the viewer can't send in each of these conversations; empty where they can. */
export function sendRefusals(
  ctx: VerbContext,
  conversationIds: readonly string[],
): Promise<CannotSendReason[][]> {
  const keys = conversationIds.map((conversationId) => ({ conversationId, userId: ctx.viewer.id }))
  return ctx.gathering.load(refusalsOf, keys)
}

async function refusalsOf(
  { db, config }: Reading,
  keys: readonly PersonInConversation[],
): Promise<CannotSendReason[][]> {
  const rows = await db.query<{ reasons: CannotSendReason[] | null }>(
    'send-refusals',
    `SELECT rules.reasons FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k (conversation_id, user_id, ordinal)
       LEFT JOIN LATERAL send_rules(k.conversation_id, k.user_id, $3) rules ON true
      ORDER BY k.ordinal`,
    [keys.map((key) => key.conversationId), keys.map((key) => key.userId), config.messagingPolicy === 'open'],
  )
  return rows.map(({ reasons }) => reasons ?? [])
}

/** How many take part in each of these conversations now. */
export function participantCounts(ctx: VerbContext, conversationIds: readonly string[]): Promise<number[]> {
  return ctx.gathering.load(countsOf, conversationIds)
}

async function countsOf({ db }: Reading, conversationIds: readonly string[]): Promise<number[]> {
  const rows = await db.query<{ id: string; count: number }>(
    'participant-counts',
    `SELECT conversation_id AS id, count(*)::int AS count FROM participants
      WHERE conversation_id = ANY ($1::uuid[]) AND left_at IS NULL GROUP BY conversation_id`,
    [[...new Set(conversationIds)]],
  )
  const byId = new Map(rows.map((row) => [row.id, row.count]))
  return conversationIds.map((id) => byId.get(id) ?? 0)
}
