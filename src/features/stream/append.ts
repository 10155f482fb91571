import type { Tx } from '../../platform/db/database.js'
import type { UpdateKind } from '../../platform/db/types.js'

/** What an update tells of; ids only, resolved as of when it is read. */
export interface UpdateFacts {
  readonly kind: UpdateKind
  readonly conversationId?: string
  readonly messageId?: string
  readonly actorId?: string
  readonly subjectId?: string
  readonly sequence?: number
  readonly emoji?: string
}

/**
 * Takes the lock classes in their order: these conversations, their participants, the streams of those people and of
 * `userIds`. The first statement of every transaction that writes; what it checks, it checks afterwards.
 */
export async function lockForWrite(
  tx: Tx,
  conversationIds: readonly string[],
  userIds: readonly string[],
): Promise<void> {
  await tx.$executeRaw`SELECT lock_for_write(${conversationIds}::uuid[], ${userIds}::uuid[])`
}

/**
 * The same for what concerns one person's part in a conversation alone: their participant row, then these streams. No send
 * waits for it.
 */
export async function lockOwnPart(
  tx: Tx,
  conversationId: string,
  userId: string,
  streamIds: readonly string[],
): Promise<void> {
  await tx.$executeRaw`SELECT lock_own_part(${conversationId}::uuid, ${userId}::uuid, ${streamIds}::uuid[])`
}

/** Writes one update to each of these people's streams, which the transaction has locked. */
export async function appendUpdates(tx: Tx, userIds: readonly string[], facts: UpdateFacts): Promise<void> {
  if (userIds.length === 0) return
  await tx.$executeRaw`SELECT append_updates_v2(${userIds}::uuid[], ${facts.kind}::update_kind,
    ${facts.conversationId ?? null}::uuid, ${facts.messageId ?? null}::uuid, ${facts.actorId ?? null}::uuid,
    ${facts.subjectId ?? null}::uuid, ${facts.sequence ?? null}::int,
    ${facts.emoji ?? null})`
}

/** Where these streams stand, for the hint after the commit. The transaction has locked them. */
export async function headsOf(
  tx: Tx,
  userIds: readonly string[],
): Promise<[userId: string, position: number][]> {
  const rows = await tx.userStream.findMany({
    where: { userId: { in: [...userIds] } },
    select: { userId: true, position: true },
  })
  return rows.map((row) => [row.userId, Number(row.position)])
}
