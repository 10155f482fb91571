import { builder } from '../../graphql/builder.js'
import { globalId, rowId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { ConversationRef, MessageEdgeRef, MessageRef } from '../../graphql/refs.js'
import { conversationsById } from '../conversations/read.js'
import { deleteForEveryone, deleteForOneself } from './delete.js'
import { messageEdge } from './edges.js'
import { editMessage } from './edit.js'
import { messagesById } from './read.js'
import { MessagePriorityRef } from './schema.js'
import { type SentMessage, sendMessage } from './send.js'

function optionalRowId(id: string | null | undefined): string | null {
  return id === null || id === undefined ? null : rowId('Message', id)
}

addMutation('sendMessage', {
  description:
    'Sends a message. Send it again with the same clientMessageId whenever the outcome is unknown: it is said once, and both answers are the same message.',
  input: builder.inputType('SendMessageInput', {
    description: 'What to say where.',
    fields: (t) => ({
      conversationId: t.id({ required: true, description: 'A Conversation’s id.' }),
      clientMessageId: t.field({
        type: 'UUID',
        required: true,
        description:
          'Made by the client, once for each message, valid for ever: same key and content give the original with `replayed: true`; other content is CONFLICT.',
      }),
      body: t.string({
        description:
          '1 to 5000 Unicode code points, not only white space; no NUL, no lone surrogates. Kept to the byte. Null is INVALID_INPUT.',
      }),
      replyToId: t.id({
        description:
          'A message of this conversation that the viewer may see, a tombstone too. Null: an answer to nothing.',
      }),
      mentionIds: t.idList({
        description:
          'Whom it is meant for: Users who take part now, at most 50; anybody else is NOT_FOUND. It reaches them through a mute, not through a block. Null: nobody in particular.',
      }),
      priority: t.field({
        type: MessagePriorityRef,
        defaultValue: 'ROUTINE',
        description:
          'URGENT asks everybody else to acknowledge it. A patient or caregiver may send three an hour, in all of their conversations together; more is RATE_LIMITED. Null: ROUTINE.',
      }),
      readUpToMessageId: t.id({
        description:
          'What the viewer has read: moves their position in the same transaction. Sending alone moves none. Null: nothing moves.',
      }),
    }),
  }),
  payload: builder.objectRef<SentMessage>('SendMessagePayload').implement({
    description: 'It is said, and kept.',
    fields: (t) => ({
      messageEdge: t.field({
        type: MessageEdgeRef,
        description: 'For the end of `Conversation.messages`.',
        resolve: ({ message }, _, ctx) => messageEdge(ctx, message),
      }),
      message: t.field({
        type: MessageRef,
        description: 'What was said, as it is kept.',
        resolve: ({ message }) => message,
      }),
      conversation: t.field({
        type: ConversationRef,
        description: 'With its counters as of now.',
        resolve: ({ message }, _, ctx) => ctx.loaders.present(conversationsById, message.conversationId),
      }),
      replayed: t.exposeBoolean('replayed', {
        description: 'Whether it had been said before with this key.',
      }),
    }),
  }),
  errors: ['NotFoundError', 'CannotSendError', 'InvalidInputError', 'ConflictError', 'RateLimitedError'],
  resolve: async (input, ctx) => {
    const { conversationId, clientMessageId, body, replyToId, readUpToMessageId, mentionIds, priority } =
      input
    const sent = await sendMessage(ctx, {
      conversationId: rowId('Conversation', conversationId),
      clientMessageId: clientMessageId.toLowerCase(),
      body,
      replyToId: optionalRowId(replyToId),
      readUpToMessageId: optionalRowId(readUpToMessageId),
      mentionIds: mentionIds?.map((id) => rowId('User', id)),
      priority: priority ?? 'ROUTINE',
    })
    ctx.loaders.prime(messagesById, sent.message.id, sent.message)
    return sent
  },
})

addMutation('editMessage', {
  description:
    'Replaces the text of one’s own message within the edit window (`serverInfo.editWindowSeconds`), while taking part in an open conversation. The former text is kept in `revisions`. The same text again changes nothing.',
  input: builder.inputType('EditMessageInput', {
    description: 'Which message, and its new text.',
    fields: (t) => ({
      messageId: t.id({ required: true, description: 'A Message’s id.' }),
      body: t.string({ required: true, description: 'As for `sendMessage`.' }),
    }),
  }),
  payload: builder.objectRef<{ messageId: string }>('EditMessagePayload').implement({
    description: 'It says what it is to say.',
    fields: (t) => ({
      message: t.field({
        type: MessageRef,
        description: 'The message, as of now.',
        resolve: ({ messageId }, _, ctx) => ctx.loaders.present(messagesById, messageId),
      }),
    }),
  }),
  errors: [
    'NotFoundError',
    'ForbiddenError',
    'InvalidInputError',
    'EditWindowClosedError',
    'CannotSendError',
  ],
  resolve: async (input, ctx) => {
    const messageId = rowId('Message', input.messageId)
    await editMessage(ctx, messageId, input.body)
    return { messageId }
  },
})

const DeleteScopeRef = builder.enumType('DeleteScope', {
  description: 'For whom a message is deleted.',
  values: {
    ME: { description: 'Hidden from the viewer alone, on all of their devices. Whoever may read it.' },
    EVERYONE: {
      description:
        'A tombstone for everyone; the text is destroyed. Its sender at any time, an owner of the group.',
    },
  },
})

interface Deleted {
  readonly messageId: string
  readonly conversationId: string
  readonly isForEveryone: boolean
}

addMutation('deleteMessage', {
  description: 'Deletes a message for oneself or for everyone. Twice is a success.',
  input: builder.inputType('DeleteMessageInput', {
    description: 'Which message, for whom.',
    fields: (t) => ({
      messageId: t.id({ required: true, description: 'A Message’s id.' }),
      scope: t.field({ type: DeleteScopeRef, required: true, description: 'ME or EVERYONE.' }),
    }),
  }),
  payload: builder.objectRef<Deleted>('DeleteMessagePayload').implement({
    description: 'It is deleted.',
    fields: (t) => ({
      deletedMessageId: t.id({
        description: 'The Message’s id.',
        resolve: ({ messageId }) => globalId('Message', messageId),
      }),
      tombstone: t.field({
        type: MessageRef,
        nullable: true,
        description: 'What is left of it for everyone; null for ME.',
        resolve: ({ messageId, isForEveryone }, _, ctx) =>
          isForEveryone ? ctx.loaders.present(messagesById, messageId) : null,
      }),
      conversation: t.field({
        type: ConversationRef,
        description: 'With its counters and newest message as of now.',
        resolve: ({ conversationId }, _, ctx) => ctx.loaders.present(conversationsById, conversationId),
      }),
    }),
  }),
  errors: ['NotFoundError', 'ForbiddenError'],
  resolve: async (input, ctx) => {
    const messageId = rowId('Message', input.messageId)
    const isForEveryone = input.scope === 'EVERYONE'
    const { conversationId } = await (isForEveryone ? deleteForEveryone : deleteForOneself)(ctx, messageId)
    return { messageId, conversationId, isForEveryone }
  },
})
