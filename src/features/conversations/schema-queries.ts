import { InvalidInputError } from '../../errors.js'
import { builder } from '../../graphql/builder.js'
import {
  checkPage,
  connectionOf,
  connectionTypes,
  type Page,
  pageArguments,
} from '../../graphql/connections.js'
import type { GraphContext } from '../../graphql/context.js'
import { rowIdOrNull } from '../../graphql/global-ids.js'
import { ConversationRef } from '../../graphql/refs.js'
import { longestSearch, searchWords } from '../people/search.js'
import { type ConversationPlace, conversationSlice } from './list.js'
import { conversationsById } from './read.js'
import type { ConversationRow } from './rows.js'
import { ConversationKindRef } from './schema.js'
import { type FoundConversations, searchConversations } from './search-list.js'

export const { connection: ConversationConnectionRef, edge: ConversationEdgeRef } = connectionTypes(
  'Conversation',
  ConversationRef,
  'conversations',
)

const ConversationFilterRef = builder.inputType('ConversationFilter', {
  description:
    'Which conversations. What is omitted does not restrict, but for `archived`. A cursor is good for every filter.',
  fields: (t) => ({
    archived: t.boolean({
      defaultValue: false,
      description: 'Whether those in the viewer’s archive, or those that are not. Null: both.',
    }),
    kind: t.field({ type: ConversationKindRef, description: 'Only this kind.' }),
    unreadOnly: t.boolean({ description: 'True: only those that are unread or marked unread.' }),
    search: t.string({
      description: `Only conversations in which each of these words stands in the name of somebody else who takes part or in the title, anywhere and in whatever case, accents and apostrophes as they are written: at most ${longestSearch} characters, INVALID_INPUT otherwise. A group that the viewer has left is found by its title alone. Null, or nothing but white space: all. A page may be shorter than asked, or empty, and have a next one: titles are sealed and opened one by one, at most 2,000 conversations a page.`,
    }),
  }),
})

const conversationCursor = (ctx: GraphContext, place: ConversationPlace) =>
  ctx.cursors.encode(`conversations:${ctx.viewer.id}`, [place.lastActivityAt.getTime(), place.id])

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
      'The viewer’s conversations, latest activity first; former ones too, archived ones only when the filter asks for them. One that moves while one pages, up by a new message or down because its newest was deleted for oneself, may be met again or not at all, and an update tells of it; those that stay are met once each. Null with INVALID_INPUT for wrong paging or a wrong search.',
    args: {
      first: t.arg.int({ description: pageArguments.first }),
      after: t.arg.string({ description: pageArguments.after }),
      last: t.arg.int({ description: pageArguments.last }),
      before: t.arg.string({ description: pageArguments.before }),
      filter: t.arg({
        type: ConversationFilterRef,
        description: 'Which ones; null: all that are not archived.',
      }),
    },
    resolve: async (_, { filter, ...args }, ctx) => {
      const page = checkPage(args)
      const slice = {
        // Undefined where there is no filter at all: in one, what is omitted has its default.
        isArchived: filter?.archived === undefined ? false : filter.archived,
        kind: filter?.kind ?? null,
        unreadOnly: filter?.unreadOnly ?? false,
        after: conversationPlace(ctx, 'after', page.after),
        before: conversationPlace(ctx, 'before', page.before),
        limit: page.limit + 1,
        fromEnd: page.fromEnd,
      }
      const words = searchWords(filter?.search ?? null)
      const found =
        words.length === 0
          ? { rows: await conversationSlice(ctx, slice), stoppedAt: null }
          : await searchConversations(ctx, slice, words)
      for (const row of found.rows) ctx.loaders.prime(conversationsById, row.id, row)
      await ctx.vault.prepare(found.rows.map((row) => row.id))
      return conversationConnection(ctx, page, found)
    },
  }),
}))

/** A page; one that stopped looking before it was full says where to go on. */
function conversationConnection(ctx: GraphContext, page: Page, { rows, stoppedAt }: FoundConversations) {
  const connection = connectionOf(page, rows, (row) => conversationCursor(ctx, row))
  if (stoppedAt === null) return connection
  const cursor = conversationCursor(ctx, stoppedAt)
  const { edges, pageInfo } = connection
  return {
    edges,
    pageInfo: page.fromEnd
      ? { ...pageInfo, hasPreviousPage: true, startCursor: cursor }
      : { ...pageInfo, hasNextPage: true, endCursor: cursor },
  }
}

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

/** An edge of `Query.conversations`, for a payload. */
export function conversationEdge(ctx: GraphContext, node: ConversationRow) {
  return { node, cursor: conversationCursor(ctx, node) }
}
