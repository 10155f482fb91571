import type { Tx } from '../../platform/db/database.js'
import type { VerbContext } from '../context.js'
import { headsOf, lockForWrite, lockOwnPart } from '../stream/append.js'
import { type AuditFacts, recordWrite } from './record.js'
import { recordingRefusals } from './refusals.js'
import { assertStillViewer } from './still-viewer.js'

/** What a rare verb locks, and what it is called in the audit. */
export interface WriteScope {
  readonly action: string
  readonly subjectType: AuditFacts['subjectType']
  readonly subjectId: string
  readonly conversationIds: readonly string[]
  readonly userIds: readonly string[]
  /** Instead of conversationIds: the one conversation in which only the viewer's own part changes. */
  readonly ownPartIn?: string
}

/** What a verb changed: what the audit adds to its record, or one record each for several people. Null: everything was so already, and nothing is recorded. */
export type Change = Partial<AuditFacts> | readonly Partial<AuditFacts>[] | null

/**
 * The frame of every rare verb: one transaction that locks first, then checks and writes, and records itself; a refusal
 * is recorded after its rollback; one hint goes out after the commit.
 */
export async function write(
  ctx: VerbContext,
  scope: WriteScope,
  work: (tx: Tx) => Promise<Change>,
): Promise<void> {
  const { action, subjectType, subjectId, ownPartIn } = scope
  const conversationId = ownPartIn ?? scope.conversationIds[0]
  const streamIds = [...scope.userIds, ctx.viewer.id]
  // Read before, since inside it the vault would need a second connection: as many transactions as there are
  // connections would wait for each other.
  await ctx.vault.prepare(scope.conversationIds)
  const heads = await recordingRefusals(
    ctx,
    { ...scope, ...(conversationId ? { conversationId } : {}) },
    () =>
      ctx.db.transaction(async (tx) => {
        if (ownPartIn === undefined) await lockForWrite(tx, scope.conversationIds, streamIds)
        else await lockOwnPart(tx, ownPartIn, ctx.viewer.id, streamIds)
        await assertStillViewer(tx, ctx.viewer)
        const change = await work(tx)
        if (change === null) return []
        for (const facts of [change].flat()) {
          await recordWrite(tx, ctx, {
            action,
            subjectType,
            subjectId,
            ...(conversationId ? { conversationId } : {}),
            ...facts,
          })
        }
        const people = await tx.participant.findMany({
          where: { conversationId: { in: [...scope.conversationIds] } },
          select: { userId: true },
        })
        return headsOf(tx, [...new Set([...streamIds, ...people.map((person) => person.userId)])])
      }),
  )
  ctx.hints.streamsMoved(heads)
}
