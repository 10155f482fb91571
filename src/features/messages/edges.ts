import { InvalidInputError } from '../../errors.js'
import type { VerbContext } from '../context.js'
import type { MessageRow } from './rows.js'

const scopeOf = (conversationId: string) => `messages:${conversationId}`

/** An edge of Conversation.messages; its cursor is worked out only when it is asked for. */
export function messageEdge(ctx: Pick<VerbContext, 'cursors'>, node: MessageRow) {
  return {
    node,
    get cursor() {
      return ctx.cursors.encode(scopeOf(node.conversationId), [node.sequence])
    },
  }
}

/** The sequence that a cursor of this conversation stands for. Throws InvalidInputError, naming `argument`. */
export function sequenceOf(
  ctx: Pick<VerbContext, 'cursors'>,
  conversationId: string,
  argument: string,
  cursor: string | null,
): number | null {
  if (cursor === null) return null
  const [sequence] = ctx.cursors.decode(scopeOf(conversationId), cursor) ?? []
  if (sequence === undefined) throw InvalidInputError.at(argument, 'This is no cursor of this conversation.')
  return Number(sequence)
}
