import { NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import type { VerbContext } from '../context.js'
import { visibleConversations } from './policy.js'

/**
 * The conversation that a verb is about, with the viewer's own part in it, read after the locks.
 * Throws NotFoundError where the viewer may not see it.
 */
export async function findConversation(tx: Tx, ctx: VerbContext, conversationId: string) {
  const conversation = await tx.conversation.findFirst({
    where: { AND: [{ id: conversationId }, visibleConversations(ctx.viewer)] },
    include: { participants: { where: { userId: ctx.viewer.id } } },
  })
  const me = conversation?.participants[0]
  if (!conversation || !me) throw new NotFoundError()
  return { ...conversation, me }
}

/** Whether the viewer, as found by findConversation, owns the group now. */
export function isCurrentOwner(found: { kind: string; me: { role: string; leftAt: Date | null } }): boolean {
  return found.kind === 'GROUP' && found.me.role === 'OWNER' && found.me.leftAt === null
}
