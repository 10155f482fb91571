import type { VerbContext } from '../context.js'
import { participantsNow } from './typing.js'

/**
 * Who sees whose presence has changed with who takes part in a conversation: whoever watches one of these people, or of those
 * who take part now, looks again.
 */
export async function announceAround(
  ctx: Pick<VerbContext, 'db' | 'presence' | 'log'>,
  conversationId: string,
  userIds: readonly string[],
): Promise<void> {
  try {
    const present = await participantsNow(ctx, [conversationId])
    ctx.presence.announce([...new Set([...userIds, ...present.map(({ userId }) => userId)])])
  } catch (error) {
    // A signal; watchers look again by themselves.
    ctx.log.debug({ error }, 'a change of participants was not announced to watchers')
  }
}
