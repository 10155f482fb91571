import { InvalidInputError } from '../../errors.js'
import { builder } from '../../graphql/builder.js'
import { checkPage, connectionOf, connectionTypes, pageArguments } from '../../graphql/connections.js'
import type { GraphContext } from '../../graphql/context.js'
import { globalId, rowIdOrNull } from '../../graphql/global-ids.js'
import { NodeRef, registerNode } from '../../graphql/nodes.js'
import { ConversationRef, ParticipantRef, UserRef } from '../../graphql/refs.js'
import { messagesByPlace } from '../messages/read.js'
import { presentUser } from '../people/read.js'
import { participantSlices, participantsById, participantsOf } from './participants.js'
import { participantCounts } from './read.js'

export const ParticipantRoleRef = builder.enumType('ParticipantRole', {
  description: 'What a participant may do beyond reading and writing.',
  values: {
    MEMBER: { description: 'Reads and writes.' },
    OWNER: {
      description:
        'Of a group: adds and removes people, changes roles, renames, closes and reopens, pins, and deletes messages for everyone. Doctors and staff only.',
    },
  },
})

const { connection: ParticipantConnectionRef } = connectionTypes(
  'Participant',
  ParticipantRef,
  'participants',
)

const defaultParticipants = 20

builder.objectFields(ConversationRef, (t) => ({
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
}))

function participantPlace(ctx: GraphContext, scope: string, cursor: string | null) {
  if (cursor === null) return null
  const [rank, joinedAt, id] = ctx.cursors.decode(scope, cursor) ?? []
  if (rank === undefined || joinedAt === undefined || id === undefined) {
    throw InvalidInputError.at('after', 'This is no cursor of this list.')
  }
  return { isMember: rank === '1', joinedAt: new Date(Number(joinedAt)), id }
}

function messageUpTo(ctx: GraphContext, conversationId: string, sequence: number) {
  return sequence === 0 ? null : ctx.loaders.load(messagesByPlace, { conversationId, sequence })
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
      resolve: ({ userId }, _, ctx) => ctx.loaders.load(presentUser, userId),
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
        const message = await messageUpTo(ctx, conversationId, lastDeliveredSequence)
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
        const message = await messageUpTo(
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
