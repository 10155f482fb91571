import { builder } from '../../graphql/builder.js'
import type { GraphContext } from '../../graphql/context.js'
import { globalId } from '../../graphql/global-ids.js'
import { ConversationRef, ParticipantRef, ViewerRef } from '../../graphql/refs.js'
import { participantsOf } from '../conversations/participants.js'
import { conversationsById } from '../conversations/read.js'
import type { ConversationRow, ParticipantRow } from '../conversations/rows.js'
import { messagesById } from '../messages/read.js'
import { presentUser } from '../people/read.js'
import type { StreamEvent } from './events.js'
import type { KnownKind } from './kinds.js'
import type { ResetReason, resetReasons } from './resets.js'
import {
  MessageAcknowledgedRef,
  MessageDeletedRef,
  MessageEditedRef,
  MessageHiddenRef,
  MessagePinnedRef,
  MessageSentRef,
  MessageUnpinnedRef,
  ReactionAddedRef,
  ReactionRemovedRef,
} from './schema-message-changes.js'

interface Watermark {
  readonly participant: ParticipantRow
  readonly messageId: string
  readonly sequence: number
}

const watermark = (name: string, description: string) =>
  builder.objectRef<Watermark>(name).implement({
    description,
    fields: (t) => ({
      participant: t.field({
        type: ParticipantRef,
        description: 'Whose position moved, as of now.',
        resolve: ({ participant }) => participant,
      }),
      upToMessageId: t.id({
        description: 'The last Message that it covers.',
        resolve: ({ messageId }) => globalId('Message', messageId),
      }),
      upToSequence: t.exposeInt('sequence', {
        description: 'That message’s sequence; everything up to it is covered.',
      }),
    }),
  })

const MessagesDeliveredRef = watermark(
  'MessagesDelivered',
  'Messages reached somebody’s device: told in DIRECT to the other person at once, in a GROUP of up to 32 to the senders of what was newly covered, gathered about once a second; in larger ones not at all (`Message.receipts` is asked for). Never sent to one’s own devices.',
)
const MessagesReadRef = watermark(
  'MessagesRead',
  'Somebody read: the viewer on another device, or, where they let others know, somebody else: told as MessagesDelivered is. Implies delivery.',
)

const conversationChange = (name: string, description: string) =>
  builder.objectRef<{ conversation: ConversationRow }>(name).implement({
    description,
    fields: (t) => ({
      conversation: t.field({
        type: ConversationRef,
        description: 'The conversation, as of now.',
        resolve: ({ conversation }) => conversation,
      }),
    }),
  })

const ConversationOpenedRef = conversationChange(
  'ConversationOpened',
  'A conversation is new to the viewer: opened, or joined.',
)
const ConversationChangedRef = conversationChange(
  'ConversationChanged',
  'A conversation has another title, was closed or reopened, whether the viewer may send, or why not, changed, or the viewer, perhaps on another device, archived, muted or marked it, or took that back.',
)

const participantChange = (name: string, description: string) =>
  builder.objectRef<{ participant: ParticipantRow }>(name).implement({
    description,
    fields: (t) => ({
      participant: t.field({
        type: ParticipantRef,
        description: 'Whose part changed, as of now.',
        resolve: ({ participant }) => participant,
      }),
    }),
  })

const ParticipantJoinedRef = participantChange('ParticipantJoined', 'Somebody else takes part from now on.')
const ParticipantChangedRef = participantChange('ParticipantChanged', 'Somebody’s role changed.')
const ParticipantLeftRef = participantChange(
  'ParticipantLeft',
  'Somebody left or was removed. Also sent to the one who went, after the SYSTEM message: the last new thing they get.',
)

const ViewerChangedRef = builder.objectRef<{ id: string }>('ViewerChanged').implement({
  description:
    'Something of the viewer’s own changed, perhaps on another device: whom they block, their privacy, or how they show themselves (`setAvailability`).',
  fields: (t) => ({
    viewer: t.field({
      type: ViewerRef,
      description: 'The viewer, as of now.',
      resolve: ({ id }) => ({ id }),
    }),
  }),
})

const CaughtUpRef = builder.objectRef<{ replayed: number }>('CaughtUp').implement({
  description:
    'Everything that lay after the cursor has been sent; from here on it is live. With `after: null` it comes first, at once. Again as a heartbeat while nothing happens. Not durable: its cursor is the last one.',
  fields: (t) => ({
    replayed: t.exposeInt('replayed', {
      description: 'How many updates lay after the cursor; 0 for a heartbeat.',
    }),
  }),
})

const StreamResetReasonRef = builder.enumType('StreamResetReason', {
  description: 'Why a stream cannot go on without a hole.',
  values: {
    EXPIRED: { description: 'What lay after the cursor has been trimmed.' },
    BACKLOG_TOO_LONG: {
      description: 'More than 10,000 updates lay after the cursor: refetching is cheaper.',
    },
    EPOCH_CHANGED: {
      description: 'The database was restored, or lost commits: positions may have been given again.',
    },
  } satisfies Record<(typeof resetReasons)[number], object>,
})

const StreamResetRef = builder.objectRef<{ reason: ResetReason }>('StreamReset').implement({
  description:
    'Something is missing. The stream goes on live from this update’s cursor; refetch after receiving it.',
  fields: (t) => ({
    reason: t.expose('reason', {
      type: StreamResetReasonRef,
      description: 'Why the stream can’t go on from there.',
    }),
  }),
})

const refs = {
  MESSAGE_SENT: MessageSentRef,
  MESSAGE_EDITED: MessageEditedRef,
  MESSAGE_DELETED: MessageDeletedRef,
  MESSAGE_HIDDEN: MessageHiddenRef,
  REACTION_ADDED: ReactionAddedRef,
  REACTION_REMOVED: ReactionRemovedRef,
  MESSAGE_PINNED: MessagePinnedRef,
  MESSAGE_UNPINNED: MessageUnpinnedRef,
  MESSAGE_ACKNOWLEDGED: MessageAcknowledgedRef,
  MESSAGES_DELIVERED: MessagesDeliveredRef,
  MESSAGES_READ: MessagesReadRef,
  CONVERSATION_OPENED: ConversationOpenedRef,
  CONVERSATION_CHANGED: ConversationChangedRef,
  PARTICIPANT_JOINED: ParticipantJoinedRef,
  PARTICIPANT_CHANGED: ParticipantChangedRef,
  PARTICIPANT_LEFT: ParticipantLeftRef,
  VIEWER_CHANGED: ViewerChangedRef,
  CAUGHT_UP: CaughtUpRef,
  STREAM_RESET: StreamResetRef,
} as const satisfies Record<KnownKind | 'CAUGHT_UP' | 'STREAM_RESET', unknown>

type ChangeName = keyof typeof refs

const nameOf = new WeakMap<object, string>()

function change<T extends object>(name: ChangeName, value: T): T {
  nameOf.set(value, refs[name].name)
  return value
}

export const ChangeRef = builder.unionType('Change', {
  description: 'What an update tells of. Members are added: clients pass over those that they do not know.',
  types: Object.values(refs),
  resolveType: (value) => nameOf.get(value),
})

/** A value of one of the change types; the type is remembered beside it. */
export type ChangeValue = (typeof refs)[ChangeName]['$inferType']

/** What an event tells of, under what the viewer may see now; null when that is gone for them. */
export async function changeOf(ctx: GraphContext, event: StreamEvent): Promise<ChangeValue | null> {
  if (event.kind === 'caught-up') return change('CAUGHT_UP', { replayed: event.replayed })
  if (event.kind === 'reset') return change('STREAM_RESET', { reason: event.reason })
  if (event.kind === 'failed') return null
  const { kind, conversationId, messageId, actorId, subjectId, sequence, emoji } = event.row
  switch (kind) {
    case 'MESSAGE_SENT':
    case 'MESSAGE_EDITED':
    case 'MESSAGE_DELETED': {
      const message = messageId === null ? null : await ctx.loaders.load(messagesById, messageId)
      return message && change(kind, { message })
    }
    case 'MESSAGE_HIDDEN':
      return messageId === null ? null : change(kind, { messageId })
    case 'REACTION_ADDED':
    case 'REACTION_REMOVED':
    case 'MESSAGE_PINNED':
    case 'MESSAGE_UNPINNED':
    case 'MESSAGE_ACKNOWLEDGED': {
      if (messageId === null || actorId === null) return null
      const [message, user] = await Promise.all([
        ctx.loaders.load(messagesById, messageId),
        ctx.loaders.load(presentUser, actorId),
      ])
      if (!message) return null
      if (kind !== 'REACTION_ADDED' && kind !== 'REACTION_REMOVED') return change(kind, { message, user })
      return emoji === null ? null : change(kind, { message, user, emoji })
    }
    case 'CONVERSATION_OPENED':
    case 'CONVERSATION_CHANGED': {
      const conversation =
        conversationId === null ? null : await ctx.loaders.load(conversationsById, conversationId)
      return conversation && change(kind, { conversation })
    }
    case 'MESSAGES_DELIVERED':
    case 'MESSAGES_READ':
    case 'PARTICIPANT_JOINED':
    case 'PARTICIPANT_CHANGED':
    case 'PARTICIPANT_LEFT': {
      if (conversationId === null || subjectId === null) return null
      const participant = await ctx.loaders.load(participantsOf, { conversationId, userId: subjectId })
      if (!participant) return null
      if (kind !== 'MESSAGES_DELIVERED' && kind !== 'MESSAGES_READ') return change(kind, { participant })
      return messageId === null || sequence === null
        ? null
        : change(kind, { participant, messageId, sequence })
    }
    case 'VIEWER_CHANGED':
      return change(kind, { id: ctx.viewer.id })
  }
}
