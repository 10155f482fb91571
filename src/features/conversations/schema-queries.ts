import { InvalidInputError, NotFoundError } from '../../errors.js'
import { builder } from '../../graphql/builder.js'
import { checkPage, connectionOf, connectionTypes, pageArguments } from '../../graphql/connections.js'
import type { GraphContext } from '../../graphql/context.js'
import { rowIdOrNull } from '../../graphql/global-ids.js'
import { ConversationRef } from '../../graphql/refs.js'
import { type ConversationPlace, conversationSlice, conversationsById } from './read.js'
import type { ConversationRow } from './rows.js'
import { ConversationKindRef } from './schema.js'

export const { connection: ConversationConnectionRef, edge: ConversationEdgeRef } = connectionTypes(
  'Conversation',
  ConversationRef,
  'conversations',
)

const ConversationFilterRef = builder.inputType('ConversationFilter', {
  description: 'Which conversations. What is omitted does not restrict.',
  fields: (t) => ({
    kind: t.field({ type: ConversationKindRef, description: 'Only this kind.' }),
    unreadOnly: t.boolean({ description: 'True: only those with something unread.' }),
  }),
})

const conversationCursor = (ctx: GraphContext, row: ConversationRow) =>
  ctx.cursors.encode(`conversations:${ctx.viewer.id}`, [row.lastActivityAt.getTime(), row.id])

builder.queryFields((t) => ({
  conversation: t.field({
    type: ConversationRef,
    nullable: true,
    description: 'One conversation. Null for what does not exist or the viewer may not see.',
    args: { id: t.arg.id({ required: true, description: 'A Conversation’s id.' }) },
    resolve: (_, args, ctx) => {
      const id = rowIdOrNull('Conversation', args.id)
      return id === null ? null : ctx.loaders.load(conversationsById, id)
    },
  }),
  conversations: t.field({
    type: ConversationConnectionRef,
    nullable: true,
    description:
      'The viewer’s conversations, latest activity first; former ones too. A conversation that moves up while paging may be met again, none is passed over. Null with INVALID_INPUT for wrong paging.',
    args: {
      first: t.arg.int({ description: pageArguments.first }),
      after: t.arg.string({ description: pageArguments.after }),
      last: t.arg.int({ description: pageArguments.last }),
      before: t.arg.string({ description: pageArguments.before }),
      filter: t.arg({ type: ConversationFilterRef, description: 'Which ones; null: all.' }),
    },
    resolve: async (_, { filter, ...args }, ctx) => {
      const page = checkPage(args)
      const rows = await conversationSlice(ctx, {
        kind: filter?.kind ?? null,
        unreadOnly: filter?.unreadOnly ?? false,
        after: conversationPlace(ctx, 'after', page.after),
        before: conversationPlace(ctx, 'before', page.before),
        limit: page.limit + 1,
        fromEnd: page.fromEnd,
      })
      for (const row of rows) ctx.loaders.prime(conversationsById, row.id, row)
      await ctx.vault.prepare(rows.map((row) => row.id))
      return connectionOf(page, rows, (row) => conversationCursor(ctx, row))
    },
  }),
}))

function conversationPlace(
  ctx: GraphContext,
  argument: string,
  cursor: string | null,
): ConversationPlace | null {
  if (cursor === null) return null
  const [at, id] = ctx.cursors.decode(`conversations:${ctx.viewer.id}`, cursor) ?? []
  if (at === undefined || id === undefined)
    throw InvalidInputError.at(argument, 'This is no cursor of this list.')
  return { lastActivityAt: new Date(Number(at)), id }
}

/** A conversation after a verb of the viewer's, read anew. Throws NotFoundError. */
export async function conversationAsOfNow(ctx: GraphContext, id: string): Promise<ConversationRow> {
  const conversation = await ctx.loaders.load(conversationsById, id)
  if (!conversation) throw new NotFoundError()
  return conversation
}

/** An edge of `Query.conversations`, for a payload. */
export function conversationEdge(ctx: GraphContext, node: ConversationRow) {
  return { node, cursor: conversationCursor(ctx, node) }
}
