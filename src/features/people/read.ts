import type { Database, Tx } from '../../platform/db/database.js'
import type { Prisma, User } from '../../platform/db/types.js'
import type { Reading, VerbContext } from '../context.js'
import { messageableUsers, visibleUsers } from './policy.js'

/** A person as others may see them, with their own privacy. */
export type UserRow = Pick<
  User,
  | 'id'
  | 'externalId'
  | 'displayName'
  | 'role'
  | 'avatarUrl'
  | 'specialty'
  | 'qualification'
  | 'designation'
  | 'isActive'
  | 'sendReadReceipts'
  | 'sendTyping'
  | 'sharePresence'
>

/** People reached through something that the viewer may see (a message's sender, a participant); null: no such id. */
export function usersById(
  ctx: Pick<VerbContext, 'gathering'>,
  ids: readonly string[],
): Promise<(UserRow | null)[]> {
  return ctx.gathering.load(readUsers, ids)
}

/** The same for whoever reads for many at once. */
export async function readUsers(
  { db }: { readonly db: Database },
  ids: readonly string[],
): Promise<(UserRow | null)[]> {
  const rows = await db.query<UserRow>(
    'users-by-id',
    `SELECT id, external_id AS "externalId", display_name AS "displayName", role, avatar_url AS "avatarUrl", specialty,
            qualification, designation, is_active AS "isActive", send_read_receipts AS "sendReadReceipts",
            send_typing AS "sendTyping", share_presence AS "sharePresence"
       FROM users WHERE id = ANY ($1::uuid[])`,
    [[...new Set(ids)]],
  )
  return inOrder(ids, rows)
}

/** People who must exist, because something refers to them. */
export async function presentUser(
  ctx: Pick<VerbContext, 'gathering'>,
  ids: readonly string[],
): Promise<UserRow[]> {
  return (await usersById(ctx, ids)).map((user) => {
    if (!user) throw new Error('a person who must exist was not found')
    return user
  })
}

/** People asked for by id, under who may see whom; null for the others. */
export async function visibleUsersById(
  ctx: VerbContext,
  ids: readonly string[],
): Promise<(UserRow | null)[]> {
  return ctx.db.read((client) => visibleUsersIn(client, ctx, ids))
}

/** The same inside a transaction, on its own connection: one that waits for a second one can wait for itself. */
export async function visibleUsersIn(
  tx: Pick<Tx, 'user'>,
  ctx: VerbContext,
  ids: readonly string[],
): Promise<(UserRow | null)[]> {
  const where = visibleUsers(ctx.viewer, ctx.config.messagingPolicy === 'open')
  return inOrder(ids, await tx.user.findMany({ where: { AND: [{ id: { in: [...ids] } }, where] } }))
}

/** Whose external id this is, whoever may see them: to know whom a request is about. */
export async function userIdOf(ctx: Pick<VerbContext, 'db'>, externalId: string): Promise<string | null> {
  if (externalId.includes('\0')) return null
  const found = await ctx.db.read((client) =>
    client.user.findUnique({ where: { externalId }, select: { id: true } }),
  )
  return found?.id ?? null
}

/** The person of this external id, if the viewer may see them. */
export async function visibleUserByExternalId(ctx: VerbContext, externalId: string): Promise<UserRow | null> {
  // PostgreSQL has no such text.
  if (externalId.includes('\0')) return null
  const where = visibleUsers(ctx.viewer, ctx.config.messagingPolicy === 'open')
  return ctx.db.read((client) => client.user.findFirst({ where: { AND: [{ externalId }, where] } }))
}

/** How the viewer and others stand to each other. */
export interface Blocking {
  readonly viewerBlocks: boolean
  readonly blocksViewer: boolean
}

export function blockingWith(ctx: VerbContext, userIds: readonly string[]): Promise<Blocking[]> {
  const pairs = userIds.map((otherId) => ({ viewerId: ctx.viewer.id, otherId }))
  return ctx.gathering.load(blockingBetween, pairs)
}

async function blockingBetween(
  { db }: Reading,
  pairs: readonly { readonly viewerId: string; readonly otherId: string }[],
): Promise<Blocking[]> {
  return db.query<Blocking>(
    'blocking-between',
    `SELECT EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id = k.viewer_id AND b.blocked_id = k.other_id) AS "viewerBlocks",
            EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id = k.other_id AND b.blocked_id = k.viewer_id) AS "blocksViewer"
       FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k (viewer_id, other_id, ordinal) ORDER BY k.ordinal`,
    [pairs.map((pair) => pair.viewerId), pairs.map((pair) => pair.otherId)],
  )
}

/** Which of these people the viewer may message. */
export async function messageable(ctx: VerbContext, userIds: readonly string[]): Promise<boolean[]> {
  const where = messageableUsers(ctx.viewer, ctx.config.messagingPolicy === 'open')
  const rows = await ctx.db.read((client) =>
    client.user.findMany({ where: { AND: [{ id: { in: [...userIds] } }, where] }, select: { id: true } }),
  )
  const found = new Set(rows.map((row) => row.id))
  return userIds.map((id) => found.has(id))
}

/** Where a person stands in a list by name. */
export interface UserPlace {
  readonly displayName: string
  readonly id: string
}

/** A slice of the people that a condition selects, by name. */
export interface UserSlice {
  readonly where: Prisma.UserWhereInput
  /** The places between which it lies, in the order of the list; null: no bound. */
  readonly after: UserPlace | null
  readonly before: UserPlace | null
  readonly limit: number
  readonly fromEnd: boolean
}

/** In the direction of reading: by displayName, then id. */
export function userSlice(
  ctx: VerbContext,
  { where, after, before, limit, fromEnd }: UserSlice,
): Promise<UserRow[]> {
  const order = fromEnd ? 'desc' : 'asc'
  return ctx.db.read((client) =>
    client.user.findMany({
      where: { AND: [where, beyond(after, 'gt'), beyond(before, 'lt')] },
      orderBy: [{ displayName: order }, { id: order }],
      take: limit,
    }),
  )
}

function beyond(place: UserPlace | null, side: 'gt' | 'lt'): Prisma.UserWhereInput {
  if (!place) return {}
  const { displayName, id } = place
  return { OR: [{ displayName: { [side]: displayName } }, { displayName, id: { [side]: id } }] }
}

function inOrder(ids: readonly string[], rows: readonly UserRow[]): (UserRow | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id) ?? null)
}
