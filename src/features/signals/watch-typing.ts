import { NotFoundError } from '../../errors.js'
import { conversationsById } from '../conversations/read.js'
import type { ConversationRow } from '../conversations/rows.js'
import type { StreamContext } from '../stream/subscribe.js'
import { type Reading, SignalStream } from './signal-stream.js'

/** Everybody who types in a conversation, the viewer left out. */
export interface TypingSignal {
  readonly conversation: ConversationRow
  readonly typists: readonly string[]
}

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
    watch: (changed, hasTold) => {
      // Who has left a conversation still hears that those whom they saw typing there have stopped.
      const unlisten = ctx.typing.listen((changedId) => {
        if (changedId === conversationId || hasTold(changedId)) changed(changedId)
      })
      const unwatch = conversationId === null ? ctx.typingAudience.watch(ctx.viewer.id, changed) : null
      return () => {
        unlisten()
        unwatch?.()
      }
    },
    read: async (changed) => {
      const readings = await Promise.all(changed.map((id) => read(ctx, id, id === conversationId)))
      return new Map(changed.flatMap((id, index) => (readings[index] ? [[id, readings[index]]] : [])))
    },
  })
}

async function read(
  { viewer, signals }: StreamContext,
  conversationId: string,
  isAskedFor: boolean,
): Promise<Reading<TypingSignal> | null> {
  const key = { viewerId: viewer.id, conversationId }
  const [conversation, typists] = await Promise.all([
    signals.conversations.load(key),
    signals.typists.load(key),
  ])
  if (!conversation) return null
  return {
    signal: { conversation, typists },
    text: typists.join(),
    isNothing: typists.length === 0 && !isAskedFor,
  }
}
