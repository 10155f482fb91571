import { NotFoundError } from '../../errors.js'
import { builder } from '../../graphql/builder.js'
import { rowId } from '../../graphql/global-ids.js'
import { MessageRef } from '../../graphql/refs.js'
import { conversationsById } from '../conversations/read.js'
import type { StreamEvent } from './events.js'
import { type ResolvedEvent, resolving } from './schema.js'
import { followUpdates } from './subscribe.js'

/** Passes on what is to be kept; ends, and is ended, with what it filters. */
function only<Event>(
  events: AsyncIterableIterator<Event>,
  keep: (event: Event) => boolean,
): AsyncIterableIterator<Event> {
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      for (;;) {
        const result = await events.next()
        if (result.done || keep(result.value)) return result
      }
    },
    return: async () => {
      await events.return?.()
      return { done: true, value: undefined }
    },
  }
}

/** Whether an event tells of a message of that conversation (null: any), or is the failure that ends a stream. */
const tellsOfMessage = (conversationId: string | null) => (event: StreamEvent) =>
  event.kind === 'failed' ||
  (event.kind === 'row' &&
    event.row.kind === 'MESSAGE_SENT' &&
    (conversationId === null || event.row.conversationId === conversationId))

/** The message that an event tells of; null where it is gone for the viewer. Throws what a failed event failed with. */
function messageOf(event: ResolvedEvent) {
  if (event.kind === 'failed') throw event.error
  return event.change && 'message' in event.change ? event.change.message : null
}

builder.subscriptionField('newMessages', (t) =>
  t.field({
    type: MessageRef,
    description:
      'Messages as they are said, for simple clients: live only, nothing is replayed, and what is said while the connection is away is missed. Whoever needs them all follows `updates`. The viewer’s own come too, and SYSTEM ones; edits and deletions do not. It ends as `updates` does when the token expires or the account changes.',
    args: {
      conversationId: t.arg.id({
        description:
          'A Conversation’s id; one that does not exist, or that the viewer may not see, is NOT_FOUND. Null: all of the viewer’s conversations, those that begin later too.',
      }),
    },
    subscribe: async (_, args, ctx) => {
      const asked = args.conversationId ?? null
      const conversationId = asked === null ? null : rowId('Conversation', asked)
      if (conversationId !== null && !(await ctx.loaders.load(conversationsById, conversationId)))
        throw new NotFoundError()
      const events = only(await followUpdates(ctx, null), tellsOfMessage(conversationId))
      return only(resolving(ctx, events), (event) => event.kind === 'failed' || messageOf(event) !== null)
    },
    resolve: (event) => {
      const message = messageOf(event)
      if (!message) throw new Error('an event without its message was passed on')
      return message
    },
  }),
)
