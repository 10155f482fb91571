import { InvalidInputError } from '../../errors.js'
import type { VerbContext } from '../context.js'
import { changeOwnPart } from './own-part.js'

/** The last instant that ISO 8601 writes with four digits for the year, as clients read it. */
const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Until when a mute holds; null once it has passed. */
export function muteAsOfNow(mutedUntil: Date | null): Date | null {
  return mutedUntil !== null && mutedUntil.getTime() > Date.now() ? mutedUntil : null
}

/**
 * Mutes a conversation for the viewer until then; null unmutes, undefined leaves it as it is. The same again is a success.
 * Throws InvalidInputError, NotFoundError.
 */
export async function muteConversation(
  ctx: VerbContext,
  conversationId: string,
  until: Date | null | undefined,
): Promise<void> {
  if (until && until.getTime() <= Date.now())
    throw InvalidInputError.at('until', 'It must lie in the future.')
  if (until && until.getTime() > latest)
    throw InvalidInputError.at('until', 'It must lie before the year 10000.')
  await changeOwnPart(ctx, 'conversation.mute', conversationId, async (tx, me) => {
    if (until === undefined || muteAsOfNow(me.mutedUntil)?.getTime() === until?.getTime()) return false
    await tx.participant.update({ where: { id: me.id }, data: { mutedUntil: until } })
    return true
  })
}
