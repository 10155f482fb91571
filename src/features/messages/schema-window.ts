import { InvalidInputError, NotFoundError } from '../../errors.js'
import { builder } from '../../graphql/builder.js'
import { type Edge, type PageInfo, PageInfoRef } from '../../graphql/connections.js'
import type { GraphContext } from '../../graphql/context.js'
import { globalId, rowId } from '../../graphql/global-ids.js'
import { ConversationRef, MessageEdgeRef } from '../../graphql/refs.js'
import type { ConversationRow } from '../conversations/rows.js'
import { messageEdge } from './edges.js'
import { messageSlices, messagesById } from './read.js'
import type { MessageRow } from './rows.js'
import { firstUnread, type MessageStretch, stretchAround } from './window.js'

const usualWindow = 50
const largestWindow = 100

interface MessageWindow {
  readonly edges: readonly Edge<MessageRow>[]
  readonly pageInfo: PageInfo
  readonly anchorId: string | null
}

const MessageWindowRef = builder.objectRef<MessageWindow>('MessageWindow').implement({
  description: 'A stretch of a conversation around one place, to open it there.',
  fields: (t) => ({
    edges: t.field({
      type: [MessageEdgeRef],
      description: 'Oldest to newest, as in `Conversation.messages`.',
      resolve: ({ edges }) => edges,
    }),
    pageInfo: t.field({
      type: PageInfoRef,
      description:
        'Whether there is more on either side: here both are known. Read on in `Conversation.messages` with `first` and `after: endCursor`, or `last` and `before: startCursor`.',
      resolve: ({ pageInfo }) => pageInfo,
    }),
    anchorMessageId: t.id({
      nullable: true,
      description:
        'The Message that the window is about, one of its edges: the one of `around`, or the first unread one. Null: nothing is unread, or no longer, and these are the newest messages.',
      resolve: ({ anchorId }) => anchorId && globalId('Message', anchorId),
    }),
  }),
})

builder.objectField(ConversationRef, 'messageWindow', (t) =>
  t.field({
    type: MessageWindowRef,
    nullable: true,
    description:
      'What the viewer may see around one place: as much before it as from it on, and where one side has less, more of the other. Costs the same at any depth; looking for the first unread one passes over what the viewer said since they last read. Null with NOT_FOUND where `around` is no message of this conversation that the viewer may see, with INVALID_INPUT for a wrong size.',
    args: {
      around: t.arg.id({
        description:
          'A Message’s id, of any kind, a tombstone too. Null: the viewer’s first unread message, or the newest end when nothing is unread.',
      }),
      size: t.arg.int({
        defaultValue: usualWindow,
        description: `How many messages, 1 to ${largestWindow}. INVALID_INPUT otherwise.`,
      }),
    },
    resolve: async (conversation, args, ctx) => {
      const size = args.size ?? usualWindow
      if (size < 1 || size > largestWindow)
        throw InvalidInputError.at('size', `Ask for 1 to ${largestWindow}.`)
      const place = await placeOf(ctx, conversation, args.around ?? null)
      const stretch = await stretchAt(ctx, conversation.id, place, size)
      const anchor = stretch.messages.find(({ sequence }) => sequence === place)
      // It was hidden between the two reads.
      if (args.around && !anchor) throw new NotFoundError()
      await ctx.vault.prepare([conversation.id])
      for (const message of stretch.messages) ctx.loaders.prime(messagesById, message.id, message)
      return windowOf(ctx, stretch, anchor?.id ?? null)
    },
  }),
)

/** The sequence of the message that the window is about; null: the newest end. Throws NotFoundError. */
async function placeOf(
  ctx: GraphContext,
  { id: conversationId, lastReadSequence, unread }: ConversationRow,
  around: string | null,
): Promise<number | null> {
  if (around === null) return ctx.loaders.load(firstUnread, { conversationId, lastReadSequence, unread })
  const message = await ctx.loaders.load(messagesById, rowId('Message', around))
  if (message?.conversationId !== conversationId) throw new NotFoundError()
  return message.sequence
}

async function stretchAt(
  ctx: GraphContext,
  conversationId: string,
  place: number | null,
  size: number,
): Promise<MessageStretch> {
  const side = { conversationId, limit: size + 1 }
  const [before, from] = await Promise.all([
    ctx.loaders.load(messageSlices, { ...side, after: null, before: place, fromEnd: true }),
    place === null
      ? []
      : ctx.loaders.load(messageSlices, { ...side, after: place - 1, before: null, fromEnd: false }),
  ])
  return stretchAround(before, from, size)
}

function windowOf(ctx: GraphContext, stretch: MessageStretch, anchorId: string | null): MessageWindow {
  const edges = stretch.messages.map((message) => messageEdge(ctx, message))
  return {
    edges,
    anchorId,
    pageInfo: {
      hasNextPage: stretch.hasNext,
      hasPreviousPage: stretch.hasPrevious,
      get startCursor() {
        return edges[0]?.cursor ?? null
      },
      get endCursor() {
        return edges.at(-1)?.cursor ?? null
      },
    },
  }
}
