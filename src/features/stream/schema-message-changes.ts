import { builder } from '../../graphql/builder.js'
import { globalId } from '../../graphql/global-ids.js'
import { MessageEdgeRef, MessageRef, UserRef } from '../../graphql/refs.js'
import { messageEdge } from '../messages/edges.js'
import type { MessageRow } from '../messages/rows.js'
import type { UserRow } from '../people/read.js'

// What an update tells of a message.

const messageChange = (name: string, description: string) =>
  builder.objectRef<{ message: MessageRow }>(name).implement({
    description,
    fields: (t) => ({
      message: t.field({
        type: MessageRef,
        description: 'The message, as of now.',
        resolve: ({ message }) => message,
      }),
    }),
  })

export const MessageSentRef = messageChange(
  'MessageSent',
  'Somebody, perhaps the viewer on another device, sent a message.',
)
builder.objectField(MessageSentRef, 'edge', (t) =>
  t.field({
    type: MessageEdgeRef,
    description: 'For the end of `Conversation.messages`.',
    resolve: ({ message }, _, ctx) => messageEdge(ctx, message),
  }),
)
export const MessageEditedRef = messageChange('MessageEdited', 'A message says something else now.')
export const MessageDeletedRef = messageChange(
  'MessageDeleted',
  'A message was deleted for everyone: the tombstone.',
)

const doneBy = (description: string) =>
  ({
    type: UserRef,
    description,
    resolve: ({ user }: { user: UserRow }) => user,
  }) as const

const reactionChange = (name: string, description: string) =>
  builder.objectRef<{ message: MessageRow; user: UserRow; emoji: string }>(name).implement({
    description,
    fields: (t) => ({
      message: t.field({
        type: MessageRef,
        description: 'The message with its reactions, as of now.',
        resolve: ({ message }) => message,
      }),
      user: t.field(doneBy('Whose reaction it is; perhaps the viewer’s own, on another device.')),
      emoji: t.exposeString('emoji', { description: 'Which one, fully qualified.' }),
    }),
  })

export const ReactionAddedRef = reactionChange('ReactionAdded', 'Somebody put an emoji on a message.')
export const ReactionRemovedRef = reactionChange('ReactionRemoved', 'Somebody took an emoji off a message.')

const messageChangeBy = (name: string, description: string, who: string) =>
  builder.objectRef<{ message: MessageRow; user: UserRow }>(name).implement({
    description,
    fields: (t) => ({
      message: t.field({
        type: MessageRef,
        description: 'The message, as of now.',
        resolve: ({ message }) => message,
      }),
      user: t.field(doneBy(who)),
    }),
  })

export const MessagePinnedRef = messageChangeBy('MessagePinned', 'A message was pinned.', 'Who pinned it.')
export const MessageUnpinnedRef = messageChangeBy(
  'MessageUnpinned',
  'A message is no longer pinned. For one that was deleted, MessageDeleted alone says so.',
  'Who took the pin away.',
)
export const MessageAcknowledgedRef = messageChangeBy(
  'MessageAcknowledged',
  'Somebody acknowledged an URGENT message: told to its sender, and to the other devices of whoever acknowledged it.',
  'Who has taken note.',
)

export const MessageHiddenRef = builder.objectRef<{ messageId: string }>('MessageHidden').implement({
  description: 'The viewer deleted a message for themselves, on this or another device: drop it.',
  fields: (t) => ({
    messageId: t.id({
      description: 'The Message’s id.',
      resolve: ({ messageId }) => globalId('Message', messageId),
    }),
  }),
})
