import { builder } from '../../graphql/builder.js'
import { globalId } from '../../graphql/global-ids.js'
import { NodeRef, registerNode } from '../../graphql/nodes.js'
import { UserRef } from '../../graphql/refs.js'
import { blockingWith, messageable, visibleUsersById } from './read.js'

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
