import { NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import type { VerbContext } from '../context.js'
import { visibleMessages } from './policy.js'

/** Where a message is and whose, whoever may see it: to know what to lock. It never changes. */
export function originOf(
  ctx: VerbContext,
  messageId: string,
): Promise<{ conversationId: string; senderId: string | null } | null> {
  return ctx.db.read((client) =>
    client.message.findUnique({
      where: { id: messageId },
      select: { conversationId: true, senderId: true },
    }),
  )
}

/** `originOf`, for whom only the conversation matters. */
export async function conversationIdOf(ctx: VerbContext, messageId: string): Promise<string | null> {
  return (await originOf(ctx, messageId))?.conversationId ?? null
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

/** Who takes part now and may see a message: former members are told of its edits and its end, and of nothing else. */
export async function currentAudienceOf(tx: Tx, messageId: string): Promise<string[]> {
  const [row] = await tx.$queryRaw<
    { userIds: string[] }[]
  >`SELECT current_message_audience(${messageId}::uuid) AS "userIds"`
  return row?.userIds ?? []
}
