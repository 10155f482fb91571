import { builder } from '../../graphql/builder.js'
import type { GraphContext } from '../../graphql/context.js'
import { ConversationRef } from '../../graphql/refs.js'
import type { Shareable } from '../../graphql/shared-execution.js'
import { conversationsById } from '../conversations/read.js'
import { mentionsOf } from '../messages/mentions.js'
import { messagesById } from '../messages/read.js'
import { presentUser, usersById } from '../people/read.js'
import { reactionsOf } from '../reactions/read.js'
import { acknowledgementsOf } from '../urgent/read.js'
import { failedEvent, type StreamEvent } from './events.js'
import { type StreamPage, updatesPage } from './page.js'
import { type ReadTogether, readWith } from './read-together.js'
import type { UpdateRow } from './rows.js'
import { ChangeRef, type ChangeValue, changeOf } from './schema-changes.js'
import { seenByNobody, shareableOf } from './schema-shareable.js'
import { followUpdates } from './subscribe.js'

const defaultUpdates = 100

/** What was read together with a row need not be read again. */
function primeFrom(ctx: GraphContext, { messageId, conversationId }: UpdateRow, read: ReadTogether): void {
  const { message, conversation, belongings, people } = read
  const { reactions, mentions, acknowledgements } = belongings
  if (messageId !== null) {
    if (message !== undefined) ctx.loaders.prime(messagesById, messageId, message)
    if (reactions) ctx.loaders.prime(reactionsOf, messageId, [...reactions])
    if (mentions) ctx.loaders.prime(mentionsOf, messageId, [...mentions])
    if (acknowledgements) ctx.loaders.prime(acknowledgementsOf, messageId, [...acknowledgements])
  }
  if (conversationId !== null && conversation !== undefined) {
    ctx.loaders.prime(conversationsById, conversationId, conversation)
  }
  for (const person of people) {
    ctx.loaders.prime(usersById, person.id, person)
    ctx.loaders.prime(presentUser, person.id, person)
  }
}

/** An event with its change, resolved before it leaves: a change that can't be read now must not pass for one that is gone. */
export type ResolvedEvent = StreamEvent & {
  readonly change: ChangeValue | null
  readonly shareable?: Shareable | null
}

async function resolved(ctx: GraphContext, event: StreamEvent): Promise<ResolvedEvent> {
  return { ...event, change: await changeOf(ctx, event) }
}

/** The same for an event as it happens, with what was read for all of the node's people together. */
async function resolvedLive(ctx: GraphContext, event: StreamEvent): Promise<ResolvedEvent> {
  const read = event.kind === 'row' ? readWith(event.row) : undefined
  if (event.kind !== 'row' || !read) return resolved(ctx, event)
  primeFrom(ctx, event.row, read)
  const change = await changeOf(ctx, event)
  const { conversation } = read
  const readByNobody = conversation ? { ...read, conversation: seenByNobody(conversation) } : read
  const shareable = shareableOf(ctx, { ...event, change }, read, (shared) =>
    primeFrom(shared, event.row, readByNobody),
  )
  return { ...event, change, shareable }
}

/** Resolves each event as of when it is sent. One that fails is the last: its client comes back with the cursor before. */
export function resolving(
  ctx: GraphContext,
  events: AsyncIterableIterator<StreamEvent>,
): AsyncIterableIterator<ResolvedEvent> {
  const end = async (): Promise<IteratorResult<ResolvedEvent>> => {
    await events.return?.()
    return { done: true, value: undefined }
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      const { done, value: event } = await events.next()
      if (done) return { done: true, value: undefined }
      ctx.loaders.clear()
      ctx.updateCursor = event.cursor
      ctx.delivering = event.kind === 'row' ? event : null
      try {
        return { done: false, value: await resolvedLive(ctx, event) }
      } catch (error) {
        ctx.delivering = null
        await end()
        return { done: false, value: { ...failedEvent(error), change: null } }
      }
    },
    return: end,
  }
}

const UpdateRef = builder.objectRef<ResolvedEvent>('Update').implement({
  description:
    'One durable change in the viewer’s own stream: ordered, without gaps. The same update has the same cursor however it is delivered.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', {
      description: 'Opaque. Keep it once the update is processed; go on after it.',
    }),
    at: t.expose('at', {
      type: 'DateTime',
      description: 'When the change was written; never earlier than the update before.',
    }),
    conversation: t.field({
      type: ConversationRef,
      nullable: true,
      description:
        'Where it happened, as of now. Null where it belongs to no conversation, or that is gone for the viewer.',
      resolve: (event, _, ctx) =>
        event.kind === 'row' && event.row.conversationId !== null
          ? ctx.loaders.load(conversationsById, event.row.conversationId)
          : null,
    }),
    conversationUnreadCount: t.int({
      nullable: true,
      description:
        'The viewer’s unread messages of that conversation, absolute, as of this update. Null without a conversation.',
      resolve: (event) => (event.kind === 'row' ? event.row.conversationUnread : null),
    }),
    viewerUnreadCount: t.exposeInt('viewerUnread', {
      description:
        'The viewer’s unread messages over all conversations not archived, absolute, as of this update.',
    }),
    change: t.field({
      type: ChangeRef,
      nullable: true,
      description:
        'What changed, resolved as of now. Null: what it told of is gone for the viewer; keep the cursor, go on.',
      resolve: (event) => event.change,
    }),
  }),
})

const UpdatePageRef = builder
  .objectRef<Omit<StreamPage, 'updates'> & { readonly updates: readonly ResolvedEvent[] }>('UpdatePage')
  .implement({
    description: 'A page of the viewer’s update stream.',
    fields: (t) => ({
      updates: t.field({ type: [UpdateRef], description: 'In order.', resolve: (page) => [...page.updates] }),
      endCursor: t.exposeString('endCursor', {
        description: 'Where to go on: of the last update, or the one that was given.',
      }),
      hasMore: t.exposeBoolean('hasMore', { description: 'Whether more lies behind `endCursor` already.' }),
    }),
  })

builder.queryField('updates', (t) =>
  t.field({
    type: UpdatePageRef,
    nullable: true,
    description:
      'The stream for those who poll: the same updates and cursors as the subscription’s. After a hole it is a page of one StreamReset. Null with INVALID_INPUT for a cursor that is not the viewer’s.',
    args: {
      after: t.arg.string({
        required: true,
        description: 'A cursor of the viewer’s stream; start with `viewer.updateCursor`.',
      }),
      first: t.arg.int({
        defaultValue: defaultUpdates,
        description: 'How many at most, 1 to 100. INVALID_INPUT otherwise.',
      }),
    },
    resolve: async (_, { after, first }, ctx) => {
      const page = await updatesPage(ctx, after, first ?? defaultUpdates)
      return { ...page, updates: await Promise.all(page.updates.map((event) => resolved(ctx, event))) }
    },
  }),
)

builder.subscriptionField('updates', (t) =>
  t.field({
    type: UpdateRef,
    description:
      'The viewer’s update stream: what lies after the cursor, then CaughtUp, then live, with CaughtUp as a heartbeat every 15 seconds of silence. It is complete, or says with a StreamReset that it is not. When the token expires the socket closes with 4403, and SSE ends with UNAUTHENTICATED; come back with a new token and the last cursor.',
    args: {
      after: t.arg.string({
        description:
          'The last cursor that was processed. Null: from now on. One that is not the viewer’s: INVALID_INPUT.',
      }),
    },
    subscribe: async (_, { after }, ctx) => resolving(ctx, await followUpdates(ctx, after ?? null)),
    resolve: (event) => {
      if (event.kind === 'failed') throw event.error
      return event
    },
  }),
)
