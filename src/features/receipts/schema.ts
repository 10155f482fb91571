import { InvalidInputError } from '../../errors.js'
import { builder } from '../../graphql/builder.js'
import { rowId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { ConversationRef, MessageRef, UserRef, ViewerRef } from '../../graphql/refs.js'
import { conversationsById } from '../conversations/read.js'
import { presentUser } from '../people/read.js'
import { markDelivered } from './mark-delivered.js'
import { markRead } from './mark-read.js'
import { deliveryStatesOf, type ReceiptRow, receiptsOf } from './read.js'

const defaultReceipts = 50
const mostReceipts = 256

const DeliveryStateRef = builder.enumType('DeliveryState', {
  description: 'How far a message has come.',
  values: {
    SENT: { description: 'It is stored; not everybody’s devices have it.' },
    DELIVERED: { description: 'A device of every other current participant who may see it has it.' },
    READ: { description: 'All of them have read it, and let others know.' },
  },
})

const ReceiptRef = builder.objectRef<ReceiptRow>('Receipt').implement({
  description: 'When a message reached somebody.',
  fields: (t) => ({
    user: t.field({
      type: UserRef,
      description: 'Whom it reached.',
      resolve: ({ userId }, _, ctx) => ctx.loaders.load(presentUser, userId),
    }),
    deliveredAt: t.expose('deliveredAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When their devices had it; null: not yet.',
    }),
    readAt: t.expose('readAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When they read it; null: not yet, or they did not let others know at the time.',
    }),
  }),
})

builder.objectFields(MessageRef, (t) => ({
  deliveryState: t.field({
    type: DeliveryStateRef,
    description:
      'The least over the other current participants who may see it. Whoever hides read receipts counts as DELIVERED at most. SENT for SYSTEM, READ for imported messages.',
    resolve: ({ id, isImported }, _, ctx) => (isImported ? 'READ' : ctx.loaders.load(deliveryStatesOf, id)),
  }),
  receipts: t.field({
    type: [ReceiptRef],
    description:
      'One for each other current participant whom it has reached, in the order in which they joined. Empty for imported messages: nobody noted when.',
    args: {
      first: t.arg.int({
        defaultValue: defaultReceipts,
        description: `How many, 1 to ${mostReceipts}. INVALID_INPUT otherwise.`,
      }),
    },
    resolve: ({ id, isImported }, args, ctx) => {
      const first = args.first ?? defaultReceipts
      if (first < 1 || first > mostReceipts)
        throw InvalidInputError.at('first', `Ask for 1 to ${mostReceipts}.`)
      return isImported ? [] : ctx.loaders.load(receiptsOf, { messageId: id, first })
    },
  }),
}))

addMutation('markRead', {
  description:
    'Moves the viewer’s read position forward, on all of their devices; the other person of a DIRECT conversation is told, and so are the senders in a GROUP of up to 32, unless the viewer hides it. Backwards is a success that changes nothing. Reading implies delivery.',
  input: builder.inputType('MarkReadInput', {
    description: 'Up to where.',
    fields: (t) => ({
      conversationId: t.id({
        required: true,
        description: 'A conversation that the viewer may read, also a former one.',
      }),
      upToMessageId: t.id({
        required: true,
        description: 'A message of it that the viewer may see, of whatever kind.',
      }),
    }),
  }),
  payload: builder.objectRef<{ conversationId: string }>('MarkReadPayload').implement({
    description: 'The position is at least there.',
    fields: (t) => ({
      conversation: t.field({
        type: ConversationRef,
        description: 'With its counters as of now.',
        resolve: ({ conversationId }, _, ctx) => ctx.loaders.present(conversationsById, conversationId),
      }),
      viewer: t.field({
        type: ViewerRef,
        description: 'With the totals as of now.',
        resolve: (_parent, _args, ctx) => ({ id: ctx.viewer.id }),
      }),
    }),
  }),
  errors: ['NotFoundError'],
  resolve: async (input, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    await markRead(ctx, conversationId, rowId('Message', input.upToMessageId))
    return { conversationId }
  },
})

addMutation('markDelivered', {
  description:
    'Acknowledges the viewer’s update stream: everything up to this cursor counts as delivered to them, in all conversations; any device’s word counts. Call it once everything before it is processed; at the start and after a StreamReset, once the refetch is complete.',
  input: builder.inputType('MarkDeliveredInput', {
    description: 'Up to where.',
    fields: (t) => ({
      upToCursor: t.string({
        required: true,
        description:
          'A cursor of the viewer’s own stream. Another’s, one of before a reset, or one ahead of it: INVALID_INPUT.',
      }),
    }),
  }),
  payload: builder.objectRef<{ upToCursor: string }>('MarkDeliveredPayload').implement({
    description: 'It is acknowledged.',
    fields: (t) => ({
      upToCursor: t.exposeString('upToCursor', { description: 'The cursor that was given.' }),
    }),
  }),
  errors: ['InvalidInputError'],
  resolve: async ({ upToCursor }, ctx) => {
    await markDelivered(ctx, upToCursor)
    return { upToCursor }
  },
})
