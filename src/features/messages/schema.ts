import { builder } from '../../graphql/builder.js'
import { checkPage, connectionOf, pageArguments } from '../../graphql/connections.js'
import { globalId } from '../../graphql/global-ids.js'
import { NodeRef, registerNode } from '../../graphql/nodes.js'
import { ConversationRef, MessageConnectionRef, MessageRef, UserRef } from '../../graphql/refs.js'
import { conversationsById } from '../conversations/read.js'
import { isCurrentOwner } from '../conversations/subject.js'
import { presentUser, usersById } from '../people/read.js'
import { bodyOf, bodyPlace, eventTextPlace } from './body.js'
import { messageEdge, sequenceOf } from './edges.js'
import { mentionsOf } from './mentions.js'
import { editableUntil, mayDeleteForEveryone } from './policy.js'
import { messageSlices, messagesById } from './read.js'
import { type RevisionRow, revisionsOf } from './revisions.js'
import type { MessageRow } from './rows.js'

builder.objectField(MessageConnectionRef, 'totalCount', (t) =>
  t.int({
    nullable: true,
    description: 'Null where counting would cost a scan, which is everywhere so far.',
    resolve: () => null,
  }),
)

const MessageKindRef = builder.enumType('MessageKind', {
  description: 'What a message is made of.',
  values: {
    TEXT: { description: 'A body.' },
    SYSTEM: { description: 'No body and no sender: `systemEvent` tells what happened to the conversation.' },
  },
})

export const MessagePriorityRef = builder.enumType('MessagePriority', {
  description: 'How pressing a message is.',
  values: {
    ROUTINE: { description: 'As it comes.' },
    URGENT: {
      description:
        'It asks for an acknowledgement by everybody else who takes part, passes mutes, and is notified again every 5 minutes, 6 times at most, to whoever has not acknowledged it.',
    },
  },
})

const SystemEventKindRef = builder.enumType('SystemEventKind', {
  description:
    'What happened to a conversation. Clients say it in their own language, and pass over what they do not know.',
  values: {
    PARTICIPANT_JOINED: { description: '`actor` added `subject`.' },
    PARTICIPANT_LEFT: { description: '`subject` left.' },
    PARTICIPANT_REMOVED: { description: '`actor` removed `subject`.' },
    OWNER_CHANGED: {
      description: '`subject` is an owner now: by `actor`, or because the last owner, `actor`, left.',
    },
    TITLE_CHANGED: { description: '`actor` gave the group another title: `text`.' },
    CONVERSATION_CLOSED: {
      description: '`actor` closed the conversation, or the last owner left without a successor.',
    },
    CONVERSATION_REOPENED: { description: '`actor` opened it again.' },
    HISTORY_IMPORTED: {
      description:
        'What was said elsewhere before now stands in front of this message, with its own times and as read by all. No update told of it: fetch the conversation’s messages anew. It is open to sends from here on.',
    },
  },
})

const SystemEventRef = builder.objectRef<MessageRow>('SystemEvent').implement({
  description: 'What a SYSTEM message tells of.',
  fields: (t) => ({
    kind: t.field({
      type: SystemEventKindRef,
      description: 'What happened.',
      resolve: ({ eventKind }) => {
        if (!eventKind || !(eventKind in systemEventKinds))
          throw new Error('a SYSTEM message of a kind that this version does not know')
        return eventKind as keyof typeof systemEventKinds
      },
    }),
    actor: t.field({
      type: UserRef,
      nullable: true,
      description: 'Who did it; null when it was nobody’s doing.',
      resolve: ({ eventActorId }, _, ctx) =>
        eventActorId === null ? null : ctx.loaders.load(usersById, eventActorId),
    }),
    subject: t.field({
      type: UserRef,
      nullable: true,
      description: 'Whom it is about; null when it is about the conversation.',
      resolve: ({ eventSubjectId }, _, ctx) =>
        eventSubjectId === null ? null : ctx.loaders.load(usersById, eventSubjectId),
    }),
    text: t.string({
      nullable: true,
      description:
        'TITLE_CHANGED: the new title; null for the others. CONTENT_UNREADABLE when it does not decrypt.',
      resolve: (message, _, ctx) =>
        message.eventTextSealed && ctx.vault.open(eventTextPlace(message), message.eventTextSealed),
    }),
  }),
})

const systemEventKinds = {
  PARTICIPANT_JOINED: true,
  PARTICIPANT_LEFT: true,
  PARTICIPANT_REMOVED: true,
  OWNER_CHANGED: true,
  TITLE_CHANGED: true,
  CONVERSATION_CLOSED: true,
  CONVERSATION_REOPENED: true,
  HISTORY_IMPORTED: true,
} as const

const MessageRevisionRef = builder.objectRef<RevisionRow>('MessageRevision').implement({
  description: 'A former text of a message that was edited.',
  fields: (t) => ({
    body: t.string({
      nullable: true,
      description: 'The text as it was. Null with CONTENT_UNREADABLE when it does not decrypt.',
      resolve: ({ messageId, conversationId, revision, bodySealed }, _, ctx) =>
        ctx.vault.open(bodyPlace({ id: messageId, conversationId }, revision), bodySealed),
    }),
    writtenAt: t.expose('writtenAt', { type: 'DateTime', description: 'When it was written.' }),
  }),
})

MessageRef.implement({
  description: 'One message. Where it was deleted for everyone, its tombstone.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (message) => globalId('Message', message.id) }),
    conversation: t.field({
      type: ConversationRef,
      description: 'Where it was said.',
      resolve: async ({ conversationId }, _, ctx) => {
        const conversation = await ctx.loaders.load(conversationsById, conversationId)
        if (!conversation) throw new Error('a visible message of an invisible conversation')
        return conversation
      },
    }),
    sender: t.field({
      type: UserRef,
      nullable: true,
      description: 'Who said it; null for SYSTEM.',
      resolve: ({ senderId }, _, ctx) => (senderId === null ? null : ctx.loaders.load(usersById, senderId)),
    }),
    sequence: t.exposeInt('sequence', {
      description:
        'The order within the conversation: 1, 2, 3 … A viewer may see gaps: hidden messages, times before joining.',
    }),
    kind: t.field({
      type: MessageKindRef,
      description: 'TEXT or SYSTEM.',
      resolve: ({ kind }) => (kind === 'SYSTEM' ? 'SYSTEM' : 'TEXT'),
    }),
    priority: t.expose('priority', {
      type: MessagePriorityRef,
      description: 'ROUTINE, or URGENT: the viewer may be asked to acknowledge it.',
    }),
    body: t.string({
      nullable: true,
      description:
        'Plain text, never HTML: escape it. As it was sent, to the byte. Null once deleted, for SYSTEM, and with CONTENT_UNREADABLE when it does not decrypt.',
      resolve: (message, _, ctx) => bodyOf(ctx, message),
    }),
    systemEvent: t.field({
      type: SystemEventRef,
      nullable: true,
      description: 'What a SYSTEM message tells of; null for others.',
      resolve: (message) => (message.kind === 'SYSTEM' ? message : null),
    }),
    replyTo: t.field({
      type: MessageRef,
      nullable: true,
      description:
        'What it answers, in the same conversation; a deleted one comes as its tombstone. Null for none, or one that the viewer may not see.',
      resolve: ({ replyToId }, _, ctx) =>
        replyToId === null ? null : ctx.loaders.load(messagesById, replyToId),
    }),
    mentions: t.field({
      type: [UserRef],
      description:
        'Whom it is meant for, as its sender named them, in no order that means anything; also people who have left since. Empty for a tombstone.',
      resolve: async ({ id, mentionCount, deletedAt }, _, ctx) => {
        if (mentionCount === 0 || deletedAt !== null) return []
        const userIds = await ctx.loaders.load(mentionsOf, id)
        return Promise.all(userIds.map((userId) => ctx.loaders.load(presentUser, userId)))
      },
    }),
    sentAt: t.expose('sentAt', { type: 'DateTime', description: 'For display; the order is `sequence`.' }),
    editedAt: t.expose('editedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last edited; null: never.',
    }),
    revisions: t.field({
      type: [MessageRevisionRef],
      description: 'Former texts, oldest first; empty when it was never edited, and once deleted.',
      resolve: (message, _, ctx) =>
        message.revision === 0 || message.deletedAt !== null ? [] : ctx.loaders.load(revisionsOf, message.id),
    }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was deleted for everyone; what is left is a tombstone. Null: it was not.',
    }),
    deletedBy: t.field({
      type: UserRef,
      nullable: true,
      description: 'Who deleted it for everyone; null: it was not.',
      resolve: ({ deletedById }, _, ctx) =>
        deletedById === null ? null : ctx.loaders.load(usersById, deletedById),
    }),
    clientMessageId: t.field({
      type: 'UUID',
      nullable: true,
      description: 'The key that it was sent with, for its sender only; null for others.',
      resolve: ({ senderId, clientMessageId }, _, ctx) =>
        senderId === ctx.viewer.id ? clientMessageId : null,
    }),
    viewerCanEdit: t.boolean({
      description:
        'Whether the viewer may edit it now: their own, in the window, taking part, open, not deleted.',
      resolve: async (message, _, ctx) => {
        if (message.senderId !== ctx.viewer.id || message.deletedAt !== null || message.kind === 'SYSTEM')
          return false
        if (editableUntil(message, ctx.config.editWindowSeconds) < new Date()) return false
        const conversation = await ctx.loaders.load(conversationsById, message.conversationId)
        return conversation !== null && conversation.leftAt === null && conversation.closedAt === null
      },
    }),
    viewerCanDeleteForEveryone: t.boolean({
      description:
        'Whether the viewer may turn it into a tombstone: its sender at any time, an owner of the group. False once it is one.',
      resolve: async (message, _, ctx) => {
        if (message.deletedAt !== null) return false
        const conversation = await ctx.loaders.load(conversationsById, message.conversationId)
        const isOwner = conversation !== null && isCurrentOwner({ kind: conversation.kind, me: conversation })
        return mayDeleteForEveryone(ctx.viewer, message, isOwner)
      },
    }),
    editableUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Until when its sender may edit it; null for others, for SYSTEM and once deleted.',
      resolve: (message, _, ctx) =>
        message.senderId === ctx.viewer.id && message.deletedAt === null
          ? editableUntil(message, ctx.config.editWindowSeconds)
          : null,
    }),
  }),
})

registerNode('Message', (ctx, id) => ctx.loaders.load(messagesById, id))

builder.objectField(ConversationRef, 'messages', (t) =>
  t.field({
    type: MessageConnectionRef,
    nullable: true,
    description:
      'What the viewer may see, oldest to newest in both directions: `first` from the beginning on, `last` back from the end. A page costs the same at any depth. Null with INVALID_INPUT for wrong paging.',
    args: {
      first: t.arg.int({ description: pageArguments.first }),
      after: t.arg.string({ description: pageArguments.after }),
      last: t.arg.int({ description: pageArguments.last }),
      before: t.arg.string({ description: pageArguments.before }),
    },
    resolve: async ({ id: conversationId }, args, ctx) => {
      const page = checkPage(args)
      const slice = {
        conversationId,
        after: sequenceOf(ctx, conversationId, 'after', page.after),
        before: sequenceOf(ctx, conversationId, 'before', page.before),
        limit: page.limit + 1,
        fromEnd: page.fromEnd,
      }
      const rows = await ctx.loaders.load(messageSlices, slice)
      await ctx.vault.prepare([conversationId])
      for (const row of rows) ctx.loaders.prime(messagesById, row.id, row)
      const inReading = page.fromEnd ? rows.toReversed() : rows
      return connectionOf(page, inReading, (row) => messageEdge(ctx, row).cursor)
    },
  }),
)
