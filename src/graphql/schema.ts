import '../features/people/schema.js'
import '../features/people/schema-viewer.js'
import '../features/people/schema-mutations.js'
import '../features/conversations/schema.js'
import '../features/conversations/schema-participants.js'
import '../features/conversations/schema-queries.js'
import '../features/conversations/schema-mutations.js'
import '../features/messages/schema.js'
import '../features/messages/schema-mutations.js'
import '../features/receipts/schema.js'
import '../features/care/schema.js'
import '../features/stream/schema.js'
import './nodes.js'
import './server-info.js'
import { builder } from './builder.js'

/** The executable schema: every feature has added its part by being imported. */
export const schema = builder.toSchema()
