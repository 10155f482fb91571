import type { Tx } from '../../platform/db/database.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { appendUpdates } from '../stream/append.js'
import { findConversation } from './subject.js'

type OwnPart = Awaited<ReturnType<typeof findConversation>>['me']

/**
 * The frame of what concerns nobody but the viewer, who need not take part any more: their devices are told, once, when
 * `change` says that something changed; what was so already leaves no trace. Throws NotFoundError.
 */
export async function changeOwnPart(
  ctx: VerbContext,
  action: string,
  conversationId: string,
  change: (tx: Tx, me: OwnPart) => Promise<boolean>,
): Promise<void> {
  const subject = { action, subjectType: 'Conversation', subjectId: conversationId } as const
  const scope = { ...subject, conversationIds: [], userIds: [], ownPartIn: conversationId }
  await write(ctx, scope, async (tx) => {
    const { me } = await findConversation(tx, ctx, conversationId)
    if (!(await change(tx, me))) return null
    const actorId = ctx.viewer.id
    await appendUpdates(tx, [actorId], { kind: 'CONVERSATION_CHANGED', conversationId, actorId })
    return {}
  })
}

/** Puts a conversation into somebody's archive or takes it out, with their totals. False: it was so already. Their locks are held. */
export async function setArchived(
  tx: Tx,
  conversationId: string,
  userId: string,
  isArchived: boolean,
): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ isChanged: boolean }[]>`
    SELECT set_archived(${conversationId}::uuid, ${userId}::uuid, ${isArchived}) AS "isChanged"`
  return row?.isChanged ?? false
}

/** Marks a conversation as unread for somebody, with their totals. False: it was so already. Their locks are held. */
export async function setMarkedUnread(tx: Tx, conversationId: string, userId: string): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ isChanged: boolean }[]>`
    SELECT set_marked_unread(${conversationId}::uuid, ${userId}::uuid, true) AS "isChanged"`
  return row?.isChanged ?? false
}
