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
import { globalId } from '../../graphql/global-ids.js'
import { NodeRef, registerNode } from '../../graphql/nodes.js'
import { UserRef, ViewerRef } from '../../graphql/refs.js'
import type { Prisma } from '../../platform/db/types.js'
import { readHeads } from '../stream/rows.js'
import { contactsOf } from './policy.js'
import { presentUser, type UserRow, userSlice, visibleUserByExternalId } from './read.js'
import { UserRoleRef } from './schema.js'
import { longestSearch, peopleNamed, searchWords } from './search.js'

const { connection: UserConnectionRef } = connectionTypes('User', UserRef, 'people')

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
  const rows = await userSlice(ctx, {
    where,
    after: decode('after', page.after),
    before: decode('before', page.before),
    limit: page.limit + 1,
    fromEnd: page.fromEnd,
  })
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
      resolve: (viewer, _, ctx) => ctx.loaders.load(presentUser, viewer.id),
    }),
    unreadCount: t.int({
      description: 'Unread messages, over all conversations that are not archived.',
      resolve: async (viewer, _, ctx) => (await ctx.loaders.load(ownHeads, viewer.id))?.unread ?? 0,
    }),
    unreadConversationCount: t.int({
      description: 'Conversations that are unread or marked unread, not archived.',
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
      resolve: (viewer, _, ctx) => ctx.loaders.load(presentUser, viewer.id),
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
    resolve: (_, { externalId }, ctx) => visibleUserByExternalId(ctx, externalId),
  }),
  contacts: t.field({
    type: UserConnectionRef,
    nullable: true,
    description:
      'Whom the viewer may message or, as a DOCTOR, add to a group; by name. Null with INVALID_INPUT for wrong paging or a wrong search.',
    args: {
      first: t.arg.int({ description: pageArguments.first }),
      after: t.arg.string({ description: pageArguments.after }),
      last: t.arg.int({ description: pageArguments.last }),
      before: t.arg.string({ description: pageArguments.before }),
      role: t.arg({ type: UserRoleRef, description: 'Only people of this role. Null: all.' }),
      search: t.arg.string({
        description: `Only people in whose name or specialty each of these words stands, anywhere and in whatever case: at most ${longestSearch} characters, INVALID_INPUT otherwise. Null, or nothing but white space: all. Cursors are good for the same role and search.`,
      }),
    },
    resolve: (_, { role, search, ...args }, ctx) => {
      const words = searchWords(search ?? null)
      const contacts = contactsOf(ctx.viewer, ctx.config.messagingPolicy === 'open')
      const where = { AND: [contacts, role ? { role } : {}, peopleNamed(words)] }
      return userPage(ctx, `contacts:${role ?? ''}:${words.join(' ')}`, where, args)
    },
  }),
}))
