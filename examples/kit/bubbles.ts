import type { Waiting } from './outbox.js'
import type { Edge, Message } from './page.js'

/** A message as a screen shows it. Its `key` stays the same while it is sent and arrives. */
export type Bubble =
  | { readonly key: string; readonly state: 'sent'; readonly message: Message }
  | { readonly key: string; readonly state: 'sending' | 'failed'; readonly waiting: Waiting }

/** What was said in a conversation, and what is on its way there, each once. */
export function bubblesOf(
  conversationId: string,
  edges: readonly Edge[],
  waiting: readonly Waiting[],
): Bubble[] {
  const arrived = new Set(edges.map(({ node }) => node.clientMessageId))
  const underway = waiting.filter(
    ({ input }) => input.conversationId === conversationId && !arrived.has(input.clientMessageId),
  )
  return [
    ...edges.map(({ node: message }): Bubble => {
      return { key: message.clientMessageId ?? message.id, state: 'sent', message }
    }),
    ...underway.map((each): Bubble => {
      const state = each.failure === null ? 'sending' : 'failed'
      return { key: each.input.clientMessageId, state, waiting: each }
    }),
  ]
}
