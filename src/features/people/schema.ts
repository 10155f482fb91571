import { InvalidInputError } from '../../errors.js'
import { builder } from '../../graphql/builder.js'
import {
  checkPage,
  connectionOf,
  connectionTypes,
  type PageArguments,
  pageArguments,
} from '../../graphql/connections.js'
import type { GraphContext } from '../../graphql/context.js'
import { globalId, rowId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { NodeRef, registerNode } from '../../graphql/nodes.js'
import { UserRef, ViewerRef } from '../../graphql/refs.js'
import type { Prisma } from '../../platform/db/types.js'
import { readHeads } from '../stream/rows.js'
import { blockUser, unblockUser } from './block.js'
import { contactsOf } from './policy.js'
import {
  blockingWith,
  messageable,
  type UserRow,
  userSlice,
  usersById,
  visibleUserByExternalId,
  visibleUsersById,
} from './read.js'
import { upsertUser } from './upsert.js'

export const UserRoleRef = builder.enumType('UserRole', {
  description: 'What somebody is to the organisation. It comes from the platform, never from a token.',
  values: {
    PATIENT: { description: 'Writes with their doctors, and in groups about them.' },
    DOCTOR: { description: 'Writes with their patients; creates groups.' },
    STAFF: { description: 'Takes part in groups, may own them.' },
    CAREGIVER: { description: 'Takes part in groups.' },
    ADMIN: { description: 'Keeps users and appointments; sees no content.' },
    AUDITOR: { description: 'Reads the record of who did what; sees no content.' },
    SERVICE: { description: 'The platform itself: keeps users and appointments in step, reads nothing.' },
  },
})

UserRef.implement({
  description: 'A person. Who sees whom depends on shared conversations, appointments and roles.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (user) => globalId('User', user.id) }),
    externalId: t.exposeString('externalId', {
      description: 'The platform’s own id, the `sub` of their tokens.',
    }),
    displayName: t.exposeString('displayName', {
      description: 'As it is to be shown; at most 200 characters.',
    }),
    role: t.expose('role', { type: UserRoleRef, description: 'What they are to the organisation.' }),
    avatarUrl: t.expose('avatarUrl', {
      type: 'URL',
      nullable: true,
      description: 'A picture; null when there is none.',
    }),
    specialty: t.exposeString('specialty', {
      nullable: true,
      description: 'Of a doctor, e.g. “Cardiology”; else null.',
    }),
    qualification: t.exposeString('qualification', {
      nullable: true,
      description: 'E.g. “MBBS, FRCP”; null when not given.',
    }),
    designation: t.exposeString('designation', {
      nullable: true,
      description: 'E.g. “Ward sister”; null when not given.',
    }),
    isActive: t.boolean({
      description: 'Whether the account is in use. False also towards whom this person has blocked.',
      resolve: async (user, _, ctx) =>
        user.isActive && !(await ctx.loaders.load(blockingWith, user.id)).blocksViewer,
    }),
    viewerCanMessage: t.boolean({
      description:
        'Whether a DIRECT conversation with this person may be opened and written to: patient and doctor in care, both active, nobody blocked. A conversation that was closed is not considered.',
      resolve: (user, _, ctx) => ctx.loaders.load(messageable, user.id),
    }),
    viewerHasBlocked: t.boolean({
      description: 'Whether the viewer has blocked this person.',
      resolve: async (user, _, ctx) => (await ctx.loaders.load(blockingWith, user.id)).viewerBlocks,
    }),
  }),
})

registerNode('User', (ctx, id) => ctx.loaders.load(visibleUsersById, id))

export const { connection: UserConnectionRef } = connectionTypes('User', UserRef, 'people')

const PrivacySettingsRef = builder.objectRef<UserRow>('PrivacySettings').implement({
  description: 'What of the viewer’s doings others are told.',
  fields: (t) => ({
    sendReadReceipts: t.exposeBoolean('sendReadReceipts', {
      description: 'Whether others learn how far the viewer has read. When false they see DELIVERED at most.',
    }),
    sendTyping: t.exposeBoolean('sendTyping', { description: 'Whether others see the viewer type.' }),
    sharePresence: t.exposeBoolean('sharePresence', { description: 'Whether others see the viewer online.' }),
  }),
})

async function userPage(ctx: GraphContext, name: string, where: Prisma.UserWhereInput, args: PageArguments) {
  const page = checkPage(args)
  const scope = `users:${name}:${ctx.viewer.id}`
  const decode = (argument: 'after' | 'before', cursor: string | null) => {
    if (cursor === null) return null
    const [id, displayName] = ctx.cursors.decode(scope, cursor) ?? []
    if (id === undefined || displayName === undefined)
      throw InvalidInputError.at(argument, 'This is no cursor of this list.')
    return { id, displayName: Buffer.from(displayName, 'base64url').toString() }
  }
  const beyond = decode(page.fromEnd ? 'before' : 'after', page.fromEnd ? page.before : page.after)
  const rows = await userSlice(ctx, { where, beyond, limit: page.limit + 1, fromEnd: page.fromEnd })
  return connectionOf(page, rows, (user) =>
    ctx.cursors.encode(scope, [user.id, Buffer.from(user.displayName).toString('base64url')]),
  )
}

/** Where the viewer's own stream stands: their totals. */
async function ownHeads(ctx: GraphContext, ids: readonly string[]) {
  const heads = await readHeads(ctx.db, ids)
  return ids.map((id) => heads.find((head) => head.userId === id))
}

ViewerRef.implement({
  description: 'The person whose token this is, and what belongs to nobody else.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (viewer) => globalId('Viewer', viewer.id) }),
    user: t.field({
      type: UserRef,
      description: 'The viewer as others see them.',
      resolve: async (viewer, _, ctx) => present(await ctx.loaders.load(usersById, viewer.id)),
    }),
    unreadCount: t.int({
      description: 'Unread messages, over all conversations that are not archived.',
      resolve: async (viewer, _, ctx) => (await ctx.loaders.load(ownHeads, viewer.id))?.unread ?? 0,
    }),
    unreadConversationCount: t.int({
      description: 'Conversations with something unread, not archived.',
      resolve: async (viewer, _, ctx) =>
        (await ctx.loaders.load(ownHeads, viewer.id))?.unreadConversations ?? 0,
    }),
    updateCursor: t.string({
      description:
        'Where the viewer’s update stream stood before anything else of this operation was read. Follow `updates(after:)` from here: what was read may already hold later updates, which then come again; apply them idempotently.',
      resolve: (_viewer, _args, ctx) => {
        if (ctx.updateCursor === null) throw new Error('updateCursor was not read before the operation')
        return ctx.updateCursor
      },
    }),
    privacy: t.field({
      type: PrivacySettingsRef,
      description: 'What others are told of the viewer.',
      resolve: async (viewer, _, ctx) => present(await ctx.loaders.load(usersById, viewer.id)),
    }),
    blockedUsers: t.field({
      type: UserConnectionRef,
      nullable: true,
      description: 'Whom the viewer has blocked, by name. Null with INVALID_INPUT for wrong paging.',
      args: {
        first: t.arg.int({ description: pageArguments.first }),
        after: t.arg.string({ description: pageArguments.after }),
        last: t.arg.int({ description: pageArguments.last }),
        before: t.arg.string({ description: pageArguments.before }),
      },
      resolve: (viewer, args, ctx) =>
        userPage(ctx, 'blocked', { blockedBy: { some: { blockerId: viewer.id } } }, args),
    }),
  }),
})

registerNode('Viewer', async (ctx, id) => (id === ctx.viewer.id ? { id } : null))

builder.queryFields((t) => ({
  viewer: t.field({
    type: ViewerRef,
    description: 'The person whose token this is.',
    resolve: (_root, _args, ctx) => ({ id: ctx.viewer.id }),
  }),
  user: t.field({
    type: UserRef,
    nullable: true,
    description: 'Somebody by the platform’s id. Null for nobody, and for whom the viewer may not see.',
    args: {
      externalId: t.arg.string({ required: true, description: 'The platform’s own id of the person.' }),
    },
    resolve: (_, { externalId }, ctx) =>
      externalId.includes('\0') ? null : visibleUserByExternalId(ctx, externalId),
  }),
  contacts: t.field({
    type: UserConnectionRef,
    nullable: true,
    description:
      'Whom the viewer may message or, as a DOCTOR, add to a group; by name. Null with INVALID_INPUT for wrong paging.',
    args: {
      first: t.arg.int({ description: pageArguments.first }),
      after: t.arg.string({ description: pageArguments.after }),
      last: t.arg.int({ description: pageArguments.last }),
      before: t.arg.string({ description: pageArguments.before }),
      role: t.arg({ type: UserRoleRef, description: 'Only people of this role. Null: all.' }),
    },
    resolve: (_, { role, ...args }, ctx) => {
      const contacts = contactsOf(ctx.viewer, ctx.config.messagingPolicy === 'open')
      return userPage(ctx, `contacts:${role ?? ''}`, { AND: [contacts, role ? { role } : {}] }, args)
    },
  }),
}))

function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('a person who must exist was not found')
  return value
}

const UserPayload = (name: string, description: string) =>
  builder.objectRef<{ userId: string }>(name).implement({
    description,
    fields: (t) => ({
      user: t.field({
        type: UserRef,
        description: 'The person, as of now.',
        resolve: async ({ userId }, _, ctx) => present(await ctx.loaders.load(usersById, userId)),
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
        resolve: async ({ userId }, _, ctx) => present(await ctx.loaders.load(usersById, userId)),
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
