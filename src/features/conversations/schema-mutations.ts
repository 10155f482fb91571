import { builder } from '../../graphql/builder.js'
import type { GraphContext } from '../../graphql/context.js'
import { globalId, rowId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { ConversationRef, ParticipantRef } from '../../graphql/refs.js'
import { addParticipants } from './add-participants.js'
import { closeConversation, reopenConversation } from './close.js'
import { createGroup } from './create-group.js'
import { openDirectConversation } from './open-direct.js'
import { participantsOf } from './participants.js'
import { conversationsById } from './read.js'
import { removeParticipant } from './remove-participant.js'
import { ParticipantRoleRef } from './schema-participants.js'
import { ConversationEdgeRef, conversationEdge } from './schema-queries.js'
import { setParticipantRole } from './set-role.js'

/** What a payload's conversation is read by. */
export interface Subject {
  readonly conversationId: string
}

/** The field `conversation` of a payload. */
export const asOfNow = {
  type: ConversationRef,
  description: 'The conversation, as of now.',
  resolve: ({ conversationId }: Subject, _: object, ctx: GraphContext) =>
    ctx.loaders.present(conversationsById, conversationId),
} as const

const edgeAsOfNow = {
  type: ConversationEdgeRef,
  description: 'For the start of `conversations`.',
  resolve: async ({ conversationId }: Subject, _: object, ctx: GraphContext) =>
    conversationEdge(ctx, await ctx.loaders.present(conversationsById, conversationId)),
} as const

/** A payload that holds the conversation alone. */
export const conversationPayload = (name: string, description: string) =>
  builder.objectRef<Subject>(name).implement({
    description,
    fields: (t) => ({
      conversation: t.field(asOfNow),
    }),
  })

addMutation('openConversation', {
  description:
    'Gets or creates the DIRECT conversation of a patient and a doctor. An existing one comes back whatever their relationship is now.',
  input: builder.inputType('OpenConversationInput', {
    description:
      'With whom: exactly one of the two. Oneself: INVALID_INPUT. Any pair but patient and doctor: CANNOT_SEND.',
    fields: (t) => ({
      userId: t.id({ description: 'A User’s id.' }),
      externalUserId: t.string({ description: 'The platform’s own id of the person.' }),
    }),
  }),
  payload: builder.objectRef<Subject & { created: boolean }>('OpenConversationPayload').implement({
    description: 'The one conversation of the two.',
    fields: (t) => ({
      conversation: t.field(asOfNow),
      conversationEdge: t.field(edgeAsOfNow),
      created: t.exposeBoolean('created', { description: 'Whether it is new.' }),
    }),
  }),
  errors: ['NotFoundError', 'CannotSendError', 'InvalidInputError'],
  resolve: ({ userId, externalUserId }, ctx) =>
    openDirectConversation(ctx, {
      userId: userId === undefined || userId === null ? null : rowId('User', userId),
      externalUserId,
    }),
})

addMutation('createGroup', {
  description:
    'A DOCTOR makes a group and owns it. About a patient without a counting appointment with the doctor: FORBIDDEN.',
  input: builder.inputType('CreateGroupInput', {
    description: 'A new group.',
    fields: (t) => ({
      title: t.string({ required: true, description: '1 to 200 characters; sealed.' }),
      participantIds: t.idList({
        required: true,
        description:
          'Users whom the creator sees, at most 255 besides them. Another patient than `patientId`: FORBIDDEN.',
      }),
      patientId: t.id({
        description: 'Whom it is about. They take part only if they are named in `participantIds` too.',
      }),
    }),
  }),
  payload: builder.objectRef<Subject>('CreateGroupPayload').implement({
    description: 'The group stands, and its members see it.',
    fields: (t) => ({
      conversation: t.field(asOfNow),
      conversationEdge: t.field(edgeAsOfNow),
    }),
  }),
  errors: ['NotFoundError', 'ForbiddenError', 'InvalidInputError'],
  resolve: async ({ title, participantIds, patientId }, ctx) => ({
    conversationId: await createGroup(ctx, {
      title,
      participantIds: participantIds.map((id) => rowId('User', id)),
      patientId: patientId === undefined || patientId === null ? null : rowId('User', patientId),
    }),
  }),
})

addMutation('addParticipants', {
  description:
    'An owner adds people to a group; they see it from now on. Who takes part already is a success.',
  input: builder.inputType('AddParticipantsInput', {
    description: 'Whom to add where.',
    fields: (t) => ({
      conversationId: t.id({ required: true, description: 'A GROUP’s id; a DIRECT one is FORBIDDEN.' }),
      userIds: t.idList({
        required: true,
        description: '1 to 255 Users whom the owner sees; 256 participants in all.',
      }),
    }),
  }),
  payload: builder.objectRef<Subject & { userIds: readonly string[] }>('AddParticipantsPayload').implement({
    description: 'They take part.',
    fields: (t) => ({
      conversation: t.field(asOfNow),
      participants: t.field({
        type: [ParticipantRef],
        description: 'The parts of those named, in the order asked.',
        resolve: async ({ conversationId, userIds }, _, ctx) => {
          const found = await Promise.all(
            userIds.map((userId) => ctx.loaders.load(participantsOf, { conversationId, userId })),
          )
          return found.filter((participant) => participant !== null)
        },
      }),
    }),
  }),
  errors: ['NotFoundError', 'ForbiddenError', 'InvalidInputError'],
  resolve: async (input, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    const userIds = [...new Set(input.userIds.map((id) => rowId('User', id)))]
    await addParticipants(ctx, conversationId, userIds)
    return { conversationId, userIds }
  },
})

addMutation('removeParticipant', {
  description:
    'An owner removes somebody from a group, or anybody leaves it (oneself). What they could see stays readable to them. When the last owner goes, the longest-standing doctor, else staff member, succeeds; with neither, the group closes.',
  input: builder.inputType('RemoveParticipantInput', {
    description: 'Whom to remove where.',
    fields: (t) => ({
      conversationId: t.id({ required: true, description: 'A GROUP’s id; a DIRECT one is FORBIDDEN.' }),
      userId: t.id({
        required: true,
        description: 'A participant’s User id; who has left already is a success.',
      }),
    }),
  }),
  payload: builder.objectRef<Subject & { userId: string }>('RemoveParticipantPayload').implement({
    description: 'They no longer take part.',
    fields: (t) => ({
      conversation: t.field({
        type: ConversationRef,
        nullable: true,
        description: 'The group as the viewer sees it now; null when they may no longer see it.',
        resolve: ({ conversationId }, _, ctx) => ctx.loaders.load(conversationsById, conversationId),
      }),
      removedUserId: t.id({
        description: 'The User’s id.',
        resolve: ({ userId }) => globalId('User', userId),
      }),
    }),
  }),
  errors: ['NotFoundError', 'ForbiddenError', 'InvalidInputError'],
  resolve: async (input, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    const userId = rowId('User', input.userId)
    await removeParticipant(ctx, conversationId, userId)
    return { conversationId, userId }
  },
})

addMutation('setParticipantRole', {
  description:
    'An owner makes a doctor or staff member an owner, or an owner a member. The last owner can’t step down: FORBIDDEN.',
  input: builder.inputType('SetParticipantRoleInput', {
    description: 'Whose role becomes what.',
    fields: (t) => ({
      conversationId: t.id({ required: true, description: 'A GROUP’s id; a DIRECT one is FORBIDDEN.' }),
      userId: t.id({ required: true, description: 'A current participant’s User id.' }),
      role: t.field({
        type: ParticipantRoleRef,
        required: true,
        description: 'The new role; the same again is a success.',
      }),
    }),
  }),
  payload: builder.objectRef<Subject & { userId: string }>('SetParticipantRolePayload').implement({
    description: 'The role is as asked.',
    fields: (t) => ({
      participant: t.field({
        type: ParticipantRef,
        description: 'The participant, as of now.',
        resolve: async (key, _, ctx) => {
          const { conversationId, userId } = key
          const participant = await ctx.loaders.load(participantsOf, { conversationId, userId })
          if (!participant) throw new Error('a participant whose role was set is gone')
          return participant
        },
      }),
    }),
  }),
  errors: ['NotFoundError', 'ForbiddenError', 'InvalidInputError'],
  resolve: async ({ role, ...input }, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    const userId = rowId('User', input.userId)
    await setParticipantRole(ctx, conversationId, userId, role)
    return { conversationId, userId }
  },
})

addMutation('closeConversation', {
  description: 'Ends sending: DIRECT by the doctor, GROUP by an owner. Closing twice is a success.',
  input: builder.inputType('CloseConversationInput', {
    description: 'What to close.',
    fields: (t) => ({
      conversationId: t.id({ required: true, description: 'A Conversation’s id.' }),
      reason: t.string({ description: 'For the record only, sealed; at most 500 characters. Null: none.' }),
    }),
  }),
  payload: conversationPayload('CloseConversationPayload', 'The conversation is closed.'),
  errors: ['NotFoundError', 'ForbiddenError', 'InvalidInputError'],
  resolve: async (input, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    await closeConversation(ctx, conversationId, input.reason ?? null)
    return { conversationId }
  },
})

addMutation('reopenConversation', {
  description:
    'Lets people send again: DIRECT by the doctor, GROUP by an owner. What is open already is a success.',
  input: builder.inputType('ReopenConversationInput', {
    description: 'What to reopen.',
    fields: (t) => ({ conversationId: t.id({ required: true, description: 'A Conversation’s id.' }) }),
  }),
  payload: conversationPayload('ReopenConversationPayload', 'The conversation is open.'),
  errors: ['NotFoundError', 'ForbiddenError'],
  resolve: async (input, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    await reopenConversation(ctx, conversationId)
    return { conversationId }
  },
})
