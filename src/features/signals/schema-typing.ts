import { builder } from '../../graphql/builder.js'
import type { GraphContext } from '../../graphql/context.js'
import { globalId, rowId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { ConversationRef, UserRef } from '../../graphql/refs.js'
import { conversationsById } from '../conversations/read.js'
import { presentUser } from '../people/read.js'
import { deliver, primeUsers } from './schema-deliver.js'
import { setTyping } from './set-typing.js'
import type { SignalEvent } from './signal-stream.js'
import { typistsFor } from './typing.js'
import { typingResendSeconds, typingTimeoutSeconds } from './typing-board.js'
import { type TypingSignal, watchTyping } from './watch-typing.js'

/** Who types in each of these conversations, as the viewer may know it. */
async function typistsOf(ctx: GraphContext, conversationIds: readonly string[]): Promise<string[][]> {
  const keys = conversationIds.map((conversationId) => ({ viewerId: ctx.viewer.id, conversationId }))
  return typistsFor(ctx, keys)
}

builder.objectField(ConversationRef, 'typists', (t) =>
  t.field({
    type: [UserRef],
    description:
      'Who types there now, the viewer left out, in the order in which they began. Empty when nobody does or it is not known. Follow it with the `typing` subscription.',
    resolve: async ({ id }, _, ctx) => {
      const typists = await ctx.loaders.load(typistsOf, id)
      return Promise.all(typists.map((userId) => ctx.loaders.load(presentUser, userId)))
    },
  }),
)

const TypingSignalRef = builder.objectRef<TypingSignal>('TypingSignal').implement({
  description: 'Who types in a conversation, as of now: the whole list, which replaces the one before.',
  fields: (t) => ({
    conversationId: t.id({
      description: 'The global id of the conversation.',
      resolve: ({ conversation }) => globalId('Conversation', conversation.id),
    }),
    conversation: t.expose('conversation', { type: ConversationRef, description: 'Where they type.' }),
    typists: t.field({
      type: [UserRef],
      description: 'Everybody who types there, the viewer left out, in the order in which they began.',
      resolve: ({ typists }, _, ctx) =>
        Promise.all(typists.map((userId) => ctx.loaders.load(presentUser, userId))),
    }),
  }),
})

builder.subscriptionField('typing', (t) =>
  t.field({
    type: TypingSignalRef,
    description: `Who types: the current state first, then the whole list at every change. A signal, and no record: it may be lost, and ends by itself ${typingTimeoutSeconds} seconds after the last \`setTyping\`, with a message of that person, and with their connection. NOT_FOUND for a conversation that the viewer may not see.`,
    args: {
      conversationId: t.arg.id({
        description:
          'One conversation. Null: all of the viewer’s; then the first signals are of those in which somebody types now.',
      }),
    },
    subscribe: async (_, { conversationId }, ctx) => {
      const id =
        conversationId === null || conversationId === undefined ? null : rowId('Conversation', conversationId)
      return deliver(ctx, await watchTyping(ctx, id), async ({ conversation, typists }) => {
        ctx.loaders.prime(conversationsById, conversation.id, conversation)
        ctx.loaders.prime(typistsOf, conversation.id, [...typists])
        await primeUsers(ctx, typists)
      })
    },
    resolve: (event: SignalEvent<TypingSignal>) => {
      if (event.kind === 'failed') throw event.error
      return event.signal
    },
  }),
)

addMutation('setTyping', {
  description: `Says that the viewer types, or has stopped. While they type on, repeat it every ${typingResendSeconds} seconds; sending a message ends it by itself. Best said on the socket, with which it ends; over HTTP all devices count as one, and what none of them ends runs out.`,
  input: builder.inputType('SetTypingInput', {
    description: 'Where, and whether.',
    fields: (t) => ({
      conversationId: t.id({
        required: true,
        description: 'A conversation in which the viewer may send; else NOT_FOUND or CANNOT_SEND.',
      }),
      isTyping: t.boolean({ required: true, description: 'False ends it at once.' }),
    }),
  }),
  payload: builder
    .objectRef<{ conversationId: string; expiresAt: Date | null }>('SetTypingPayload')
    .implement({
      description: 'It has been passed on.',
      fields: (t) => ({
        conversationId: t.id({
          description: 'The global id of the conversation.',
          resolve: ({ conversationId }) => globalId('Conversation', conversationId),
        }),
        expiresAt: t.expose('expiresAt', {
          type: 'DateTime',
          nullable: true,
          description:
            'Until when others see it, unless it is repeated. Null: they do not see it, since it was ended, the viewer does not let it be known (`privacy.sendTyping`), or is INVISIBLE.',
        }),
      }),
    }),
  errors: ['NotFoundError', 'CannotSendError', 'RateLimitedError'],
  resolve: async ({ conversationId, isTyping }, ctx) => {
    const id = rowId('Conversation', conversationId)
    return { conversationId: id, expiresAt: await setTyping(ctx, id, isTyping) }
  },
})
