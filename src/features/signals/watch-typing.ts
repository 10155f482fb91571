import { NotFoundError } from '../../errors.js'
import { conversationsById } from '../conversations/read.js'
import type { StreamContext } from '../stream/subscribe.js'
import { SignalStream } from './signal-stream.js'

/** Everybody who types in a conversation, the viewer left out. */
export interface TypingSignal {
  readonly conversationId: string
  readonly typists: readonly string[]
}

const nobody = (conversationId: string): TypingSignal => ({ conversationId, typists: [] })

/**
 * Who types: the present state first, then every change. With a conversation, that one (NotFoundError where the viewer may not
 * see it), and its state comes first even when nobody types; with null all of the viewer's, those first in which somebody
 * types.
 */
export async function watchTyping(
  ctx: StreamContext,
  conversationId: string | null,
): Promise<SignalStream<TypingSignal>> {
  if (conversationId !== null) {
    const [conversation] = await conversationsById(ctx, [conversationId])
    if (!conversation) throw new NotFoundError()
  }
  const first = conversationId === null ? [...ctx.typing.lively] : [conversationId]
  return new SignalStream<TypingSignal>(ctx, first, {
    watch: (changed) =>
      conversationId === null
        ? ctx.typingAudience.watch(ctx.viewer.id, changed)
        : ctx.typing.listen((changedId) => {
            if (changedId === conversationId) changed(changedId)
          }),
    read: async (changed) => {
      const lists = await Promise.all(
        changed.map((id) => ctx.signals.typists.load({ viewerId: ctx.viewer.id, conversationId: id })),
      )
      return new Map(
        changed.map((id, index) => {
          const typists = lists[index] ?? []
          return [id, typists.length > 0 || id === conversationId ? { conversationId: id, typists } : null]
        }),
      )
    },
    gone: nobody,
  })
}
