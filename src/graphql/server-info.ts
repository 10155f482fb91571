import { largestGroup } from '../features/conversations/addable.js'
import { mostMentions, urgentPerHour } from '../features/messages/send.js'
import { mostPins } from '../features/pins/pin.js'
import { mostKinds } from '../features/reactions/react.js'
import { presenceTimeoutSeconds } from '../features/signals/presence-board.js'
import { typingResendSeconds, typingTimeoutSeconds } from '../features/signals/typing-board.js'
import { longestBody, longestTitle } from '../features/text.js'
import { builder } from './builder.js'
import type { GraphContext } from './context.js'

const ServerInfoRef = builder.objectRef<GraphContext['config']>('ServerInfo').implement({
  description: 'The limits of this deployment, for clients to keep to.',
  fields: (t) => ({
    version: t.exposeString('version', { description: 'Of the server, semantic.' }),
    maxBodyLength: t.int({
      description: 'Of a message, in Unicode code points.',
      resolve: () => longestBody,
    }),
    editWindowSeconds: t.exposeInt('editWindowSeconds', {
      description: 'How long after sending a message may be edited.',
    }),
    typingTimeoutSeconds: t.int({
      description: 'After how long without another `setTyping` somebody is no longer shown as typing.',
      resolve: () => typingTimeoutSeconds,
    }),
    typingResendSeconds: t.int({
      description: 'How often a client is to repeat `setTyping` while its person types on.',
      resolve: () => typingResendSeconds,
    }),
    presenceTimeoutSeconds: t.int({
      description:
        'Within how long everybody knows that somebody is gone whose connection, or whose server, ended without a word.',
      resolve: () => presenceTimeoutSeconds,
    }),
    maxGroupSize: t.int({
      description: 'Current participants of a group, the owner included.',
      resolve: () => largestGroup,
    }),
    maxTitleLength: t.int({
      description: 'Of a group’s title, in Unicode code points.',
      resolve: () => longestTitle,
    }),
    maxMentionsPerMessage: t.int({
      description: 'People whom one message may mention.',
      resolve: () => mostMentions,
    }),
    maxReactionKindsPerMessage: t.int({
      description: 'Different emoji on one message, by whomever.',
      resolve: () => mostKinds,
    }),
    maxPinnedMessages: t.int({
      description: 'Pins of one conversation.',
      resolve: () => mostPins,
    }),
    urgentMessagesPerHour: t.int({
      description:
        'How many URGENT messages a patient or caregiver may send within an hour. Others have no limit.',
      resolve: () => urgentPerHour,
    }),
    updateRetentionDays: t.exposeInt('updateRetentionDays', {
      description: 'How long updates are kept at least: a cursor that is older may meet a StreamReset.',
    }),
  }),
})

builder.queryField('serverInfo', (t) =>
  t.field({
    type: ServerInfoRef,
    description: 'The limits of this deployment.',
    resolve: (_root, _args, ctx) => ctx.config,
  }),
)
