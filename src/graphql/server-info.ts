import { largestGroup } from '../features/conversations/addable.js'
import { longestBody } from '../features/text.js'
import { builder } from './builder.js'
import type { GraphContext } from './context.js'

const ServerInfoRef = builder.objectRef<GraphContext['config']>('ServerInfo').implement({
  description: 'The limits of this deployment, for clients to keep to.',
  fields: (t) => ({
    version: t.exposeString('version', { description: 'Of the server, semantic.' }),
    maxBodyLength: t.int({
      description: 'Of a message, in Unicode code points.',
      resolve: () => longestBody,
    }),
    editWindowSeconds: t.exposeInt('editWindowSeconds', {
      description: 'How long after sending a message may be edited.',
    }),
    maxGroupSize: t.int({
      description: 'Current participants of a group, the owner included.',
      resolve: () => largestGroup,
    }),
    updateRetentionDays: t.exposeInt('updateRetentionDays', {
      description: 'How long updates are kept at least: a cursor that is older may meet a StreamReset.',
    }),
  }),
})

builder.queryField('serverInfo', (t) =>
  t.field({
    type: ServerInfoRef,
    description: 'The limits of this deployment.',
    resolve: (_root, _args, ctx) => ctx.config,
  }),
)
