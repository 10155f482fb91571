import '../features/people/schema.js'
import '../features/people/schema-viewer.js'
import '../features/people/schema-mutations.js'
import '../features/conversations/schema.js'
import '../features/conversations/schema-participants.js'
import '../features/conversations/schema-queries.js'
import '../features/conversations/schema-mutations.js'
import '../features/conversations/schema-everyday.js'
import '../features/messages/schema.js'
import '../features/messages/schema-mutations.js'
import '../features/messages/schema-window.js'
import '../features/reactions/schema.js'
import '../features/pins/schema.js'
import '../features/urgent/schema.js'
import '../features/receipts/schema.js'
import '../features/signals/schema-presence.js'
import '../features/signals/schema-typing.js'
import '../features/care/schema.js'
import '../features/stream/schema.js'
import '../features/stream/schema-new-messages.js'
import './nodes.js'
import './server-info.js'
import { GraphQLSchema } from 'graphql'
import { builder } from './builder.js'

/** The executable schema: every feature has added its part by being imported. */
export const schema = new GraphQLSchema({
  ...builder.toSchema().toConfig(),
  description:
    'Parley, a doctor–patient messenger. Start with `viewer` and `conversations`; say something with `sendMessage`; follow everything that happens with the `updates` subscription, from `viewer.updateCursor` on. Expected failures of mutations are members of their result unions: select `... on Error { code detail }` in each.',
})
