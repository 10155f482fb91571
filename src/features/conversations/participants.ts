import { groupBy } from '../../platform/group-by.js'
import type { Reading, VerbContext } from '../context.js'
import { visibleConversationSql } from './policy.js'
import { type ParticipantRow, participantColumns } from './rows.js'

/** Current participants see each other, former ones too; a former participant sees only their own row. */
const visibleParticipantSql = (viewerId: string) => `
  (p.user_id = ${viewerId} OR EXISTS (
    SELECT 1 FROM participants vp
     WHERE vp.conversation_id = p.conversation_id AND vp.user_id = ${viewerId} AND vp.left_at IS NULL))
  AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = p.conversation_id AND ${visibleConversationSql(viewerId)})`

/** The participants of these ids that the viewer may see; null for the others. */
export async function participantsById(
  ctx: VerbContext,
  ids: readonly string[],
): Promise<(ParticipantRow | null)[]> {
  const rows = await ctx.db.query<ParticipantRow>(
    'participants-by-id',
    `SELECT ${participantColumns} FROM participants p WHERE p.id = ANY ($1::uuid[]) AND ${visibleParticipantSql('$2::uuid')}`,
    [ids, ctx.viewer.id],
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id) ?? null)
}

export interface PersonInConversation {
  readonly conversationId: string
  readonly userId: string
}

/** The parts of these people in these conversations, former ones too, where the viewer may see them. */
export function participantsOf(
  ctx: VerbContext,
  keys: readonly PersonInConversation[],
): Promise<(ParticipantRow | null)[]> {
  return ctx.gathering.load(
    partsFor,
    keys.map((key) => ({ ...key, viewerId: ctx.viewer.id })),
  )
}

async function partsFor(
  { db }: Reading,
  keys: readonly (PersonInConversation & { readonly viewerId: string })[],
): Promise<(ParticipantRow | null)[]> {
  const rows = await db.query<ParticipantRow & { ordinal: number }>(
    'participants-of',
    `SELECT k.ordinal, ${participantColumns}
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS k (conversation_id, user_id, viewer_id, ordinal)
       JOIN participants p ON p.conversation_id = k.conversation_id AND p.user_id = k.user_id
      WHERE ${visibleParticipantSql('k.viewer_id')}`,
    [keys.map((key) => key.conversationId), keys.map((key) => key.userId), keys.map((key) => key.viewerId)],
  )
  const found = new Array<ParticipantRow | null>(keys.length).fill(null)
  for (const { ordinal, ...row } of rows) found[ordinal - 1] = row
  return found
}

/** A page of a conversation's current participants: owners first, then by when they joined. */
export interface ParticipantSlice {
  readonly conversationId: string
  readonly beyond: { readonly isMember: boolean; readonly joinedAt: Date; readonly id: string } | null
  readonly limit: number
}

/** The slices of conversations that the caller knows to be the viewer's current ones; one statement per limit. */
export async function participantSlices(
  ctx: VerbContext,
  slices: readonly ParticipantSlice[],
): Promise<ParticipantRow[][]> {
  const results = new Map<ParticipantSlice, ParticipantRow[]>()
  for (const [limit, alike] of groupBy(slices, (slice) => slice.limit)) {
    const rows = await ctx.db.query<ParticipantRow & { slice: number }>(
      'participant-slices',
      `SELECT f.slice, page.* FROM unnest($1::uuid[], $2::boolean[], $3::timestamptz[], $4::uuid[])
              WITH ORDINALITY AS f (conversation_id, is_member, joined_at, id, slice)
        CROSS JOIN LATERAL (
          SELECT ${participantColumns} FROM participants p
           WHERE p.conversation_id = f.conversation_id AND p.left_at IS NULL
             AND (f.id IS NULL OR (p.role <> 'OWNER', p.joined_at, p.id) > (f.is_member, f.joined_at, f.id))
           ORDER BY p.role <> 'OWNER', p.joined_at, p.id LIMIT $5) page
        ORDER BY f.slice, page.role <> 'OWNER', page."joinedAt", page.id`,
      [
        alike.map((slice) => slice.conversationId),
        alike.map((slice) => slice.beyond?.isMember ?? null),
        alike.map((slice) => slice.beyond?.joinedAt ?? null),
        alike.map((slice) => slice.beyond?.id ?? null),
        limit,
      ],
    )
    const bySlice = groupBy(rows, (row) => row.slice)
    alike.forEach((slice, index) => {
      results.set(slice, bySlice.get(index + 1) ?? [])
    })
  }
  return slices.map((slice) => results.get(slice) ?? [])
}
