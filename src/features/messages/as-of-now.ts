import { NotFoundError } from '../../errors.js'
import type { GraphContext } from '../../graphql/context.js'
import { messagesById } from './read.js'
import type { MessageRow } from './rows.js'

/** A message after a verb of the viewer's, read anew. Throws NotFoundError. */
export async function messageAsOfNow(ctx: GraphContext, id: string): Promise<MessageRow> {
  const message = await ctx.loaders.load(messagesById, id)
  if (!message) throw new NotFoundError()
  return message
}
