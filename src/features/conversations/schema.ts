import { builder } from '../../graphql/builder.js'
import { CannotSendReasonRef } from '../../graphql/errors.js'
import { globalId, rowIdOrNull } from '../../graphql/global-ids.js'
import { NodeRef, registerNode } from '../../graphql/nodes.js'
import { ConversationRef, MessageRef, UserRef, ViewerRef } from '../../graphql/refs.js'
import { messagesByPlace } from '../messages/read.js'
import { usersById } from '../people/read.js'
import { muteAsOfNow } from './mute.js'
import { conversationsById, directConversationsWith, sendRefusals } from './read.js'
import type { ConversationRow } from './rows.js'
import { titleOf } from './title.js'

export const ConversationKindRef = builder.enumType('ConversationKind', {
  description: 'What sort of conversation it is.',
  values: {
    DIRECT: { description: 'One patient and one doctor.' },
    GROUP: { description: 'A care team, about one patient or about none.' },
  },
})

const otherOf = (conversation: ConversationRow, viewerId: string): string | null => {
  if (conversation.kind !== 'DIRECT') return null
  return conversation.patientId === viewerId ? conversation.doctorId : conversation.patientId
}

ConversationRef.implement({
  description:
    'A conversation as the viewer sees it: what they may read, their own position, their own counters.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({
      description: 'Global id.',
      resolve: (conversation) => globalId('Conversation', conversation.id),
    }),
    kind: t.expose('kind', { type: ConversationKindRef, description: 'DIRECT or GROUP.' }),
    title: t.string({
      nullable: true,
      description:
        'Of a group, at most 200 characters; null for DIRECT. CONTENT_UNREADABLE when it does not decrypt.',
      resolve: (conversation, _, ctx) => titleOf(ctx, conversation),
    }),
    patient: t.field({
      type: UserRef,
      nullable: true,
      description: 'Whose care it is about; null for a group about nobody.',
      resolve: ({ patientId }, _, ctx) =>
        patientId === null ? null : ctx.loaders.load(usersById, patientId),
    }),
    otherParticipant: t.field({
      type: UserRef,
      nullable: true,
      description: 'DIRECT: the one who is not the viewer. Null for groups.',
      resolve: (conversation, _, ctx) => {
        const other = otherOf(conversation, ctx.viewer.id)
        return other === null ? null : ctx.loaders.load(usersById, other)
      },
    }),
    lastMessage: t.field({
      type: MessageRef,
      nullable: true,
      description: 'The newest message that the viewer may see; null when there is none.',
      resolve: ({ id, lastMessageSequence }, _, ctx) =>
        lastMessageSequence === null
          ? null
          : ctx.loaders.load(messagesByPlace, { conversationId: id, sequence: lastMessageSequence }),
    }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      description:
        'When the newest message that the viewer may see was sent; without one, when the conversation began for them.',
    }),
    unreadCount: t.exposeInt('unread', {
      description:
        'Others’ messages after the viewer’s read position. SYSTEM, hidden and deleted messages do not count.',
    }),
    lastReadMessageId: t.id({
      nullable: true,
      description:
        'Up to which message the viewer has read. Null: none yet, or that message is hidden from them by now.',
      resolve: async ({ id, lastReadSequence }, _, ctx) => {
        if (lastReadSequence === 0) return null
        const message = await ctx.loaders.load(messagesByPlace, {
          conversationId: id,
          sequence: lastReadSequence,
        })
        return message && globalId('Message', message.id)
      },
    }),
    lastReadSequence: t.int({
      nullable: true,
      description: 'The sequence up to which the viewer has read; null when they have read nothing yet.',
      resolve: ({ lastReadSequence }) => lastReadSequence || null,
    }),
    isMarkedUnread: t.exposeBoolean('isMarkedUnread', {
      description:
        'Whether the viewer has marked it as unread, with `markUnread`. Nobody else sees it; `markRead` clears it.',
    }),
    archivedAt: t.expose('archivedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'Since when it is in the viewer’s archive; null while it is not. A new message brings it back unless it is muted; one that mentions the viewer, or is URGENT, always does.',
    }),
    mutedUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Until when the viewer has muted it; null while they have not, and once that has passed.',
      resolve: ({ mutedUntil }) => muteAsOfNow(mutedUntil),
    }),
    closedAt: t.expose('closedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'Since when nobody may send; null while it is open. Also set while an import fills it with former messages.',
    }),
    viewerCanSend: t.boolean({
      description: 'Whether the viewer may send here now. It is asked again at every send.',
      resolve: async ({ id }, _, ctx) => (await ctx.loaders.load(sendRefusals, id)).length === 0,
    }),
    viewerCannotSendReasons: t.field({
      type: [CannotSendReasonRef],
      description: 'Why not, all that apply; empty when the viewer may send.',
      resolve: ({ id }, _, ctx) => ctx.loaders.load(sendRefusals, id),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was opened.' }),
  }),
})

registerNode('Conversation', (ctx, id) => ctx.loaders.load(conversationsById, id))

builder.objectField(ViewerRef, 'conversation', (t) =>
  t.field({
    type: ConversationRef,
    nullable: true,
    description: 'The viewer’s DIRECT conversation with somebody; null when there is none.',
    args: { withUserId: t.arg.id({ required: true, description: 'A User’s id.' }) },
    resolve: (_, { withUserId }, ctx) => {
      const userId = rowIdOrNull('User', withUserId)
      return userId === null ? null : ctx.loaders.load(directConversationsWith, userId)
    },
  }),
)
