import { builder } from '../../graphql/builder.js'
import { rowId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { UserRef, ViewerRef } from '../../graphql/refs.js'
import { blockUser, unblockUser } from './block.js'
import { presentUser } from './read.js'
import { UserRoleRef } from './schema.js'
import { updatePrivacy } from './update-privacy.js'
import { upsertUser } from './upsert.js'

const UserPayload = (name: string, description: string) =>
  builder.objectRef<{ userId: string }>(name).implement({
    description,
    fields: (t) => ({
      user: t.field({
        type: UserRef,
        description: 'The person, as of now.',
        resolve: ({ userId }, _, ctx) => ctx.loaders.load(presentUser, userId),
      }),
    }),
  })

addMutation('blockUser', {
  description:
    'Blocks somebody whom the viewer sees: neither sends in their DIRECT conversation, and in groups what they send from now on is hidden from the viewer for good. Blocking twice is a success.',
  input: builder.inputType('BlockUserInput', {
    description: 'Whom to block.',
    fields: (t) => ({
      userId: t.id({ required: true, description: 'A User’s id. Oneself: INVALID_INPUT.' }),
      reason: t.string({ description: 'For the record only, sealed; at most 500 characters. Null: none.' }),
    }),
  }),
  payload: UserPayload('BlockUserPayload', 'The block stands.'),
  errors: ['NotFoundError', 'InvalidInputError'],
  resolve: async (input, ctx) => {
    const userId = rowId('User', input.userId)
    await blockUser(ctx, userId, input.reason ?? null)
    return { userId }
  },
})

addMutation('unblockUser', {
  description: 'Lifts a block. What was hidden stays hidden. Unblocking nobody is a success.',
  input: builder.inputType('UnblockUserInput', {
    description: 'Whom to unblock.',
    fields: (t) => ({ userId: t.id({ required: true, description: 'A User’s id.' }) }),
  }),
  payload: UserPayload('UnblockUserPayload', 'There is no block.'),
  errors: ['NotFoundError'],
  resolve: async (input, ctx) => {
    const userId = rowId('User', input.userId)
    await unblockUser(ctx, userId)
    return { userId }
  },
})

addMutation('updatePrivacy', {
  description:
    'Changes what others are told of the viewer, from now on: receipts that were sent stay. Changing nothing is a success.',
  input: builder.inputType('UpdatePrivacyInput', {
    description: 'What is omitted stays as it is; null is INVALID_INPUT.',
    fields: (t) => ({
      sendReadReceipts: t.boolean({
        description:
          'Whether others learn how far the viewer has read. When false they see DELIVERED at most.',
      }),
      sendTyping: t.boolean({ description: 'Whether others see the viewer type.' }),
      sharePresence: t.boolean({
        description: 'Whether others see the viewer online. When false, `presence` is null for them.',
      }),
    }),
  }),
  payload: builder.objectRef<object>('UpdatePrivacyPayload').implement({
    description: 'The settings stand.',
    fields: (t) => ({
      viewer: t.field({
        type: ViewerRef,
        description: 'The viewer, as of now.',
        resolve: (_payload, _args, ctx) => ({ id: ctx.viewer.id }),
      }),
    }),
  }),
  errors: ['InvalidInputError'],
  resolve: async (input, ctx) => {
    await updatePrivacy(ctx, input)
    return {}
  },
})

addMutation('upsertUser', {
  description:
    'Creates or changes a person by the platform’s id. SERVICE and ADMIN; everybody else is FORBIDDEN whatever the input. A new role, or deactivation, ends the person’s live connections within 5 seconds.',
  input: builder.inputType('UpsertUserInput', {
    description: 'A person as the platform knows them. What is omitted stays; null clears.',
    fields: (t) => ({
      externalId: t.string({
        required: true,
        description: 'The platform’s own id, the `sub` of tokens; 1 to 200 characters.',
      }),
      displayName: t.string({ required: true, description: 'As it is to be shown; 1 to 200 characters.' }),
      role: t.field({
        type: UserRoleRef,
        required: true,
        description: 'SERVICE can neither make nor change ADMIN, AUDITOR and SERVICE: FORBIDDEN.',
      }),
      email: t.string({ description: 'For notifications; sealed, shown to nobody.' }),
      phone: t.string({ description: 'For notifications; sealed, shown to nobody.' }),
      avatarUrl: t.field({ type: 'URL', description: 'http or https; at most 2048 characters.' }),
      specialty: t.string({ description: 'At most 200 characters.' }),
      qualification: t.string({ description: 'At most 200 characters.' }),
      designation: t.string({ description: 'At most 200 characters.' }),
      isActive: t.boolean({
        description: 'Omitted: unchanged, true for a new person. Null is INVALID_INPUT.',
      }),
    }),
  }),
  payload: builder.objectRef<{ userId: string; created: boolean }>('UpsertUserPayload').implement({
    description: 'The person is in step.',
    fields: (t) => ({
      user: t.field({
        type: UserRef,
        description: 'The person, as of now.',
        resolve: ({ userId }, _, ctx) => ctx.loaders.load(presentUser, userId),
      }),
      created: t.exposeBoolean('created', { description: 'Whether the person is new.' }),
    }),
  }),
  errors: ['ForbiddenError', 'InvalidInputError'],
  resolve: ({ avatarUrl, ...input }, ctx) =>
    upsertUser(ctx, {
      ...input,
      ...(avatarUrl === undefined ? {} : { avatarUrl: avatarUrl === null ? null : avatarUrl.href }),
    }),
})
