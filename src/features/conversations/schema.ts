import { InvalidInputError, NotFoundError } from '../../errors.js'
import { builder } from '../../graphql/builder.js'
import { checkPage, connectionOf, connectionTypes, pageArguments } from '../../graphql/connections.js'
import type { GraphContext } from '../../graphql/context.js'
import { CannotSendReasonRef } from '../../graphql/errors.js'
import { globalId, rowIdOrNull } from '../../graphql/global-ids.js'
import { NodeRef, registerNode } from '../../graphql/nodes.js'
import { ConversationRef, MessageRef, ParticipantRef, UserRef, ViewerRef } from '../../graphql/refs.js'
import { messagesByPlace } from '../messages/read.js'
import { usersById } from '../people/read.js'
import { participantSlices, participantsById, participantsOf } from './participants.js'
import {
  conversationSlice,
  conversationsById,
  directConversationsWith,
  participantCounts,
  sendRefusals,
} from './read.js'
import type { ConversationRow } from './rows.js'
import { titleOf } from './title.js'

export const ConversationKindRef = builder.enumType('ConversationKind', {
  description: 'What sort of conversation it is.',
  values: {
    DIRECT: { description: 'One patient and one doctor.' },
    GROUP: { description: 'A care team, about one patient or about none.' },
  },
})

export const ParticipantRoleRef = builder.enumType('ParticipantRole', {
  description: 'What a participant may do beyond reading and writing.',
  values: {
    MEMBER: { description: 'Reads and writes.' },
    OWNER: {
      description:
        'Of a group: adds and removes people, changes roles, closes and reopens. Doctors and staff only.',
    },
  },
})

const { connection: ParticipantConnectionRef } = connectionTypes(
  'Participant',
  ParticipantRef,
  'participants',
)
const { connection: ConversationConnectionRef, edge: ConversationEdgeRef } = connectionTypes(
  'Conversation',
  ConversationRef,
  'conversations',
)

export { ConversationEdgeRef }

const defaultParticipants = 20

function lastReadMessage(ctx: GraphContext, conversationId: string, sequence: number) {
  return sequence === 0 ? null : ctx.loaders.load(messagesByPlace, { conversationId, sequence })
}

const otherOf = (conversation: ConversationRow, viewerId: string): string | null => {
  if (conversation.kind !== 'DIRECT') return null
  return conversation.patientId === viewerId ? conversation.doctorId : conversation.patientId
}

ConversationRef.implement({
  description:
    'A conversation as the viewer sees it: what they may read, their own position, their own counters.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({
      description: 'Global id.',
      resolve: (conversation) => globalId('Conversation', conversation.id),
    }),
    kind: t.expose('kind', { type: ConversationKindRef, description: 'DIRECT or GROUP.' }),
    title: t.string({
      nullable: true,
      description:
        'Of a group, at most 200 characters; null for DIRECT. CONTENT_UNREADABLE when it does not decrypt.',
      resolve: (conversation, _, ctx) => titleOf(ctx, conversation),
    }),
    patient: t.field({
      type: UserRef,
      nullable: true,
      description: 'Whose care it is about; null for a group about nobody.',
      resolve: ({ patientId }, _, ctx) =>
        patientId === null ? null : ctx.loaders.load(usersById, patientId),
    }),
    participantCount: t.int({
      description: 'How many take part now. 0 for a former participant.',
      resolve: ({ id, leftAt }, _, ctx) => (leftAt === null ? ctx.loaders.load(participantCounts, id) : 0),
    }),
    participants: t.field({
      type: ParticipantConnectionRef,
      nullable: true,
      description:
        'Who takes part now: owners first, then by when they joined. Empty for a former participant. Null with INVALID_INPUT for wrong paging.',
      args: {
        first: t.arg.int({
          defaultValue: defaultParticipants,
          description: 'How many, between 1 and 100. INVALID_INPUT otherwise.',
        }),
        after: t.arg.string({ description: pageArguments.after }),
      },
      resolve: async (conversation, args, ctx) => {
        const page = checkPage(args, defaultParticipants)
        const scope = `participants:${conversation.id}`
        const beyond = participantPlace(ctx, scope, page.after)
        if (conversation.leftAt !== null) return connectionOf(page, [], () => '')
        const slice = { conversationId: conversation.id, beyond, limit: page.limit + 1 }
        const rows = await ctx.loaders.load(participantSlices, slice)
        return connectionOf(page, rows, (row) =>
          ctx.cursors.encode(scope, [row.role === 'OWNER' ? 0 : 1, row.joinedAt.getTime(), row.id]),
        )
      },
    }),
    participant: t.field({
      type: ParticipantRef,
      nullable: true,
      description:
        'The part of one person, also a former one. Null for strangers; a former participant finds only themselves.',
      args: { userId: t.arg.id({ required: true, description: 'A User’s id.' }) },
      resolve: ({ id }, args, ctx) => {
        const userId = rowIdOrNull('User', args.userId)
        return userId === null ? null : ctx.loaders.load(participantsOf, { conversationId: id, userId })
      },
    }),
    otherParticipant: t.field({
      type: UserRef,
      nullable: true,
      description: 'DIRECT: the one who is not the viewer. Null for groups.',
      resolve: (conversation, _, ctx) => {
        const other = otherOf(conversation, ctx.viewer.id)
        return other === null ? null : ctx.loaders.load(usersById, other)
      },
    }),
    lastMessage: t.field({
      type: MessageRef,
      nullable: true,
      description: 'The newest message that the viewer may see; null when there is none.',
      resolve: ({ id, lastMessageSequence }, _, ctx) =>
        lastMessageSequence === null
          ? null
          : ctx.loaders.load(messagesByPlace, { conversationId: id, sequence: lastMessageSequence }),
    }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      description:
        'When the newest message that the viewer may see was sent; without one, when the conversation began for them.',
    }),
    unreadCount: t.exposeInt('unread', {
      description:
        'Others’ messages after the viewer’s read position. SYSTEM, hidden and deleted messages do not count.',
    }),
    lastReadMessageId: t.id({
      nullable: true,
      description:
        'Up to which message the viewer has read. Null: none yet, or that message is hidden from them by now.',
      resolve: async ({ id, lastReadSequence }, _, ctx) => {
        const message = await lastReadMessage(ctx, id, lastReadSequence)
        return message && globalId('Message', message.id)
      },
    }),
    lastReadSequence: t.int({
      nullable: true,
      description: 'The sequence up to which the viewer has read; null when they have read nothing yet.',
      resolve: ({ lastReadSequence }) => lastReadSequence || null,
    }),
    closedAt: t.expose('closedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when nobody may send; null while it is open.',
    }),
    viewerCanSend: t.boolean({
      description: 'Whether the viewer may send here now. It is asked again at every send.',
      resolve: async ({ id }, _, ctx) => (await ctx.loaders.load(sendRefusals, id)).length === 0,
    }),
    viewerCannotSendReasons: t.field({
      type: [CannotSendReasonRef],
      description: 'Why not, all that apply; empty when the viewer may send.',
      resolve: ({ id }, _, ctx) => ctx.loaders.load(sendRefusals, id),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was opened.' }),
  }),
})

registerNode('Conversation', (ctx, id) => ctx.loaders.load(conversationsById, id))

function participantPlace(ctx: GraphContext, scope: string, cursor: string | null) {
  if (cursor === null) return null
  const [rank, joinedAt, id] = ctx.cursors.decode(scope, cursor) ?? []
  if (rank === undefined || joinedAt === undefined || id === undefined) {
    throw InvalidInputError.at('after', 'This is no cursor of this list.')
  }
  return { isMember: rank === '1', joinedAt: new Date(Number(joinedAt)), id }
}

ParticipantRef.implement({
  description: 'Somebody’s part in a conversation, over all of their stays.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({
      description: 'Global id.',
      resolve: (participant) => globalId('Participant', participant.id),
    }),
    user: t.field({
      type: UserRef,
      description: 'Who it is.',
      resolve: async ({ userId }, _, ctx) => {
        const user = await ctx.loaders.load(usersById, userId)
        if (!user) throw new Error('a participant without a person')
        return user
      },
    }),
    role: t.expose('role', {
      type: ParticipantRoleRef,
      description: 'OWNER or MEMBER; MEMBER for everybody in DIRECT.',
    }),
    joinedAt: t.expose('joinedAt', { type: 'DateTime', description: 'When the latest stay began.' }),
    leftAt: t.expose('leftAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null for who takes part.',
    }),
    lastDeliveredMessageId: t.id({
      nullable: true,
      description:
        'Up to which message their devices have acknowledged; null for none, or for one that the viewer may not see.',
      resolve: async ({ conversationId, lastDeliveredSequence }, _, ctx) => {
        const message = await lastReadMessage(ctx, conversationId, lastDeliveredSequence)
        return message && globalId('Message', message.id)
      },
    }),
    lastDeliveredSequence: t.int({
      nullable: true,
      description:
        'The sequence up to which their devices have acknowledged; null for none. Reading implies it.',
      resolve: ({ lastDeliveredSequence }) => lastDeliveredSequence || null,
    }),
    lastReadMessageId: t.id({
      nullable: true,
      description: 'Up to which message they have read, as far as they let others know. Null as above.',
      resolve: async (participant, _, ctx) => {
        const message = await lastReadMessage(
          ctx,
          participant.conversationId,
          shownRead(participant, ctx.viewer.id),
        )
        return message && globalId('Message', message.id)
      },
    }),
    lastReadSequence: t.int({
      nullable: true,
      description: 'The sequence up to which they have read, as far as they let others know; null for none.',
      resolve: (participant, _, ctx) => shownRead(participant, ctx.viewer.id) || null,
    }),
  }),
})

function shownRead(
  participant: { userId: string; lastReadSequence: number; shownReadSequence: number },
  viewerId: string,
): number {
  return participant.userId === viewerId ? participant.lastReadSequence : participant.shownReadSequence
}

registerNode('Participant', (ctx, id) => ctx.loaders.load(participantsById, id))

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
      const cursor = page.fromEnd ? page.before : page.after
      const rows = await conversationSlice(ctx, {
        kind: filter?.kind ?? null,
        unreadOnly: filter?.unreadOnly ?? false,
        beyond: conversationPlace(ctx, page.fromEnd ? 'before' : 'after', cursor),
        limit: page.limit + 1,
        fromEnd: page.fromEnd,
      })
      for (const row of rows) ctx.loaders.prime(conversationsById, row.id, row)
      return connectionOf(page, rows, (row) => conversationCursor(ctx, row))
    },
  }),
}))

function conversationPlace(ctx: GraphContext, argument: string, cursor: string | null) {
  if (cursor === null) return null
  const [at, id] = ctx.cursors.decode(`conversations:${ctx.viewer.id}`, cursor) ?? []
  if (at === undefined || id === undefined)
    throw InvalidInputError.at(argument, 'This is no cursor of this list.')
  return { lastActivityAt: new Date(Number(at)), id }
}

builder.objectField(ViewerRef, 'conversation', (t) =>
  t.field({
    type: ConversationRef,
    nullable: true,
    description: 'The viewer’s DIRECT conversation with somebody; null when there is none.',
    args: { withUserId: t.arg.id({ required: true, description: 'A User’s id.' }) },
    resolve: (_, { withUserId }, ctx) => {
      const userId = rowIdOrNull('User', withUserId)
      return userId === null ? null : ctx.loaders.load(directConversationsWith, userId)
    },
  }),
)

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
