import { builder } from '../../graphql/builder.js'
import { rowId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { MessageRef, UserRef } from '../../graphql/refs.js'
import { messagesById } from '../messages/read.js'
import { presentUser } from '../people/read.js'
import { acknowledgeMessage } from './acknowledge.js'
import { type AcknowledgementRow, acknowledgementsOf } from './read.js'

const AcknowledgementRef = builder.objectRef<AcknowledgementRow>('Acknowledgement').implement({
  description: 'Somebody has taken note of an URGENT message.',
  fields: (t) => ({
    user: t.field({
      type: UserRef,
      description: 'Who has taken note.',
      resolve: ({ userId }, _, ctx) => ctx.loaders.load(presentUser, userId),
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When they said so.' }),
  }),
})

builder.objectField(MessageRef, 'acknowledgements', (t) =>
  t.field({
    type: [AcknowledgementRef],
    description:
      'Who has acknowledged an URGENT message, in the order in which they did; they stay when it becomes a tombstone. Empty for ROUTINE ones. Its sender is told of each with MessageAcknowledged, and so is whoever acknowledged, on all of their devices; others ask.',
    resolve: ({ id, priority }, _, ctx) =>
      priority === 'URGENT' ? ctx.loaders.load(acknowledgementsOf, id) : [],
  }),
)

addMutation('acknowledgeMessage', {
  description:
    'Says that the viewer has taken note of an URGENT message: its notification is no longer repeated to them. Current participants other than the sender, closed or not. Twice is a success; a ROUTINE message is INVALID_INPUT. It moves no read position.',
  input: builder.inputType('AcknowledgeMessageInput', {
    description: 'Of what the viewer has taken note.',
    fields: (t) => ({
      messageId: t.id({ required: true, description: 'The id of an URGENT Message.' }),
    }),
  }),
  payload: builder.objectRef<{ messageId: string }>('AcknowledgeMessagePayload').implement({
    description: 'It is acknowledged.',
    fields: (t) => ({
      message: t.field({
        type: MessageRef,
        description: 'With its acknowledgements as of now.',
        resolve: ({ messageId }, _, ctx) => ctx.loaders.present(messagesById, messageId),
      }),
    }),
  }),
  errors: ['NotFoundError', 'ForbiddenError', 'InvalidInputError'],
  resolve: async (input, ctx) => {
    const messageId = rowId('Message', input.messageId)
    await acknowledgeMessage(ctx, messageId)
    return { messageId }
  },
})
