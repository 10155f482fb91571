import type { VerbContext } from '../context.js'
import { bodyOf, bodyPlace } from './body.js'
import { type MessageRow, messageColumns } from './rows.js'

/** A message of the viewer's own, also one that they deleted for themselves: a repeated send answers with it. */
export async function ownMessage(ctx: VerbContext, id: string): Promise<MessageRow> {
  const [row] = await ctx.db.query<MessageRow>(
    'own-message',
    `SELECT ${messageColumns} FROM messages m WHERE m.id = $1::uuid AND m.sender_id = $2::uuid`,
    [id, ctx.viewer.id],
  )
  if (!row) throw new Error('the original of a repeated send is gone')
  return row
}

/** The text as first sent: what a repeated send is compared with, opened for it. */
export async function firstBodyOf(ctx: VerbContext, message: MessageRow): Promise<string | null> {
  if (message.revision === 0) return bodyOf(ctx, message)
  const [first] = await ctx.db.query<{ bodySealed: Buffer }>(
    'first-revision',
    'SELECT body_sealed AS "bodySealed" FROM message_revisions WHERE message_id = $1::uuid AND revision = 0',
    [message.id],
  )
  return first ? ctx.vault.open(bodyPlace(message, 0), first.bodySealed) : null
}

/** Who was mentioned, in a fixed order. */
export async function firstMentionsOf(ctx: VerbContext, message: MessageRow): Promise<string[]> {
  if (message.mentionCount === 0) return []
  const rows = await ctx.db.query<{ userId: string }>(
    'first-mentions',
    'SELECT user_id AS "userId" FROM mentions WHERE message_id = $1::uuid',
    [message.id],
  )
  return rows.map(({ userId }) => userId).sort()
}
