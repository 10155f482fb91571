import { builder } from '../../graphql/builder.js'
import { rowId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { ViewerRef } from '../../graphql/refs.js'
import { archiveConversation, unarchiveConversation } from './archive.js'
import { markUnread } from './mark-unread.js'
import { muteConversation } from './mute.js'
import { asOfNow, conversationPayload, type Subject } from './schema-mutations.js'
import { updateGroup } from './update-group.js'

const conversationInput = (name: string, description: string) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({ conversationId: t.id({ required: true, description: 'A Conversation’s id.' }) }),
  })

/** The payload of a verb that also moves the viewer's totals. */
const countedPayload = (name: string, description: string) =>
  builder.objectRef<Subject>(name).implement({
    description,
    fields: (t) => ({
      conversation: t.field(asOfNow),
      viewer: t.field({
        type: ViewerRef,
        description: 'With the totals as of now.',
        resolve: (_parent, _args, ctx) => ({ id: ctx.viewer.id }),
      }),
    }),
  })

addMutation('archiveConversation', {
  description:
    'Puts a conversation into the viewer’s archive, also one that they have left; nobody else notices. A new message brings it back unless it is muted. What is archived already is a success.',
  input: conversationInput('ArchiveConversationInput', 'What to archive.'),
  payload: countedPayload('ArchiveConversationPayload', 'It is in the archive.'),
  errors: ['NotFoundError'],
  resolve: async (input, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    await archiveConversation(ctx, conversationId)
    return { conversationId }
  },
})

addMutation('unarchiveConversation', {
  description: 'Takes a conversation out of the viewer’s archive. What is not archived already is a success.',
  input: conversationInput('UnarchiveConversationInput', 'What to take out of the archive.'),
  payload: countedPayload('UnarchiveConversationPayload', 'It is not in the archive.'),
  errors: ['NotFoundError'],
  resolve: async (input, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    await unarchiveConversation(ctx, conversationId)
    return { conversationId }
  },
})

addMutation('markUnread', {
  description:
    'Sets `isMarkedUnread`, the badge for coming back to a conversation later; nobody else sees it, and the read position stays. `markRead` clears it, even without moving. Marked already is a success; one without messages, which nothing could mark as read, stays unmarked.',
  input: conversationInput('MarkUnreadInput', 'What to mark.'),
  payload: countedPayload('MarkUnreadPayload', 'It is marked.'),
  errors: ['NotFoundError'],
  resolve: async (input, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    await markUnread(ctx, conversationId)
    return { conversationId }
  },
})

addMutation('muteConversation', {
  description:
    'Mutes a conversation for the viewer for a while; messages go on arriving and counting. The same again is a success.',
  input: builder.inputType('MuteConversationInput', {
    description: 'What to mute until when.',
    fields: (t) => ({
      conversationId: t.id({ required: true, description: 'A Conversation’s id.' }),
      until: t.field({
        type: 'DateTime',
        description:
          'In the future and before the year 10000, INVALID_INPUT otherwise. Null unmutes; omitted leaves it as it is.',
      }),
    }),
  }),
  payload: conversationPayload('MuteConversationPayload', 'It is muted, or not, as asked.'),
  errors: ['NotFoundError', 'InvalidInputError'],
  resolve: async ({ until, ...input }, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    await muteConversation(ctx, conversationId, until)
    return { conversationId }
  },
})

addMutation('updateGroup', {
  description:
    'An owner gives a group another title, also once it is closed; a SYSTEM message says so. The same title again is a success.',
  input: builder.inputType('UpdateGroupInput', {
    description: 'What to call which group.',
    fields: (t) => ({
      conversationId: t.id({ required: true, description: 'A GROUP’s id; a DIRECT one is FORBIDDEN.' }),
      title: t.string({ required: true, description: '1 to 200 characters; sealed.' }),
    }),
  }),
  payload: conversationPayload('UpdateGroupPayload', 'The group has this title.'),
  errors: ['NotFoundError', 'ForbiddenError', 'InvalidInputError'],
  resolve: async ({ title, ...input }, ctx) => {
    const conversationId = rowId('Conversation', input.conversationId)
    await updateGroup(ctx, conversationId, title)
    return { conversationId }
  },
})
