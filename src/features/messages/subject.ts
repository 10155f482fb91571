import { NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import type { VerbContext } from '../context.js'
import { visibleMessages } from './policy.js'

/** Where a message is, whoever may see it: to know what to lock. It never changes. */
export async function conversationIdOf(ctx: VerbContext, messageId: string): Promise<string | null> {
  const found = await ctx.db.read((client) =>
    client.message.findUnique({ where: { id: messageId }, select: { conversationId: true } }),
  )
  return found?.conversationId ?? null
}

/** The message that a verb is about, read after the locks. Throws NotFoundError where the viewer may not see it. */
export async function findMessage(tx: Tx, ctx: VerbContext, messageId: string, conversationId: string) {
  const stays = await tx.membership.findMany({ where: { conversationId, userId: ctx.viewer.id } })
  const message = await tx.message.findFirst({
    where: { AND: [{ id: messageId }, visibleMessages(ctx.viewer, stays)] },
  })
  if (!message) throw new NotFoundError()
  return message
}

/** Everybody who may see a message, former members included. */
export async function audienceOf(tx: Tx, messageId: string): Promise<string[]> {
  const [row] = await tx.$queryRaw<
    { userIds: string[] }[]
  >`SELECT message_audience(${messageId}::uuid) AS "userIds"`
  return row?.userIds ?? []
}
