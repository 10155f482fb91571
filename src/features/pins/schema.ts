import { builder } from '../../graphql/builder.js'
import { rowId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { ConversationRef, MessageRef } from '../../graphql/refs.js'
import { conversationsById } from '../conversations/read.js'
import { messagesById } from '../messages/read.js'
import { mostPins, type Pinning, pinMessage, unpinMessage } from './pin.js'
import { pinnedMessagesOf } from './read.js'

builder.objectField(MessageRef, 'pinnedAt', (t) =>
  t.expose('pinnedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'Since when it has been pinned; null: it is not.',
  }),
)

builder.objectField(ConversationRef, 'pinnedMessages', (t) =>
  t.field({
    type: [MessageRef],
    description: `What is pinned and the viewer may see, newest pin first; at most ${mostPins}. It changes with MessagePinned, MessageUnpinned, and with MessageDeleted or MessageHidden of one of them.`,
    resolve: async ({ id }, _, ctx) => {
      const messages = await ctx.loaders.load(pinnedMessagesOf, id)
      for (const message of messages) ctx.loaders.prime(messagesById, message.id, message)
      return messages
    },
  }),
)

const pinInput = (name: string, description: string) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({
      messageId: t.id({ required: true, description: 'A Message’s id; not of a SYSTEM message.' }),
    }),
  })

const pinPayload = (name: string, description: string) =>
  builder.objectRef<Pinning & { messageId: string }>(name).implement({
    description,
    fields: (t) => ({
      message: t.field({
        type: MessageRef,
        description: 'The message, as of now.',
        resolve: ({ messageId }, _, ctx) => ctx.loaders.present(messagesById, messageId),
      }),
      conversation: t.field({
        type: ConversationRef,
        description: 'With its pins as of now.',
        resolve: ({ conversationId }, _, ctx) => ctx.loaders.present(conversationsById, conversationId),
      }),
    }),
  })

addMutation('pinMessage', {
  description: `Pins a message for everybody in the conversation: in DIRECT both, in a GROUP its owners and doctors, while it is open. Pinned already is a success; beyond ${mostPins} it is CONFLICT, unless one is pinned that nobody who might unpin it can see any more: it gives way.`,
  input: pinInput('PinMessageInput', 'What to pin.'),
  payload: pinPayload('PinMessagePayload', 'It is pinned.'),
  errors: ['NotFoundError', 'ForbiddenError', 'ConflictError'],
  resolve: async (input, ctx) => {
    const messageId = rowId('Message', input.messageId)
    return { messageId, ...(await pinMessage(ctx, messageId)) }
  },
})

addMutation('unpinMessage', {
  description: 'Takes a pin away, whoever set it; the same people as pin. What is not pinned is a success.',
  input: pinInput('UnpinMessageInput', 'What to unpin.'),
  payload: pinPayload('UnpinMessagePayload', 'It is not pinned.'),
  errors: ['NotFoundError', 'ForbiddenError'],
  resolve: async (input, ctx) => {
    const messageId = rowId('Message', input.messageId)
    return { messageId, ...(await unpinMessage(ctx, messageId)) }
  },
})
