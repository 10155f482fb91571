import type { ConversationRow, ParticipantRow } from '../features/conversations/rows.js'
import type { MessageRow } from '../features/messages/rows.js'
import type { UserRow } from '../features/people/read.js'
import { builder } from './builder.js'
import { connectionTypes } from './connections.js'

// The types that features share. Each is implemented by its own feature's schema.

export const UserRef = builder.objectRef<UserRow>('User')
export const ViewerRef = builder.objectRef<{ readonly id: string }>('Viewer')
export const ConversationRef = builder.objectRef<ConversationRow>('Conversation')
export const ParticipantRef = builder.objectRef<ParticipantRow>('Participant')
export const MessageRef = builder.objectRef<MessageRow>('Message')

export const { edge: MessageEdgeRef, connection: MessageConnectionRef } = connectionTypes(
  'Message',
  MessageRef,
  'messages',
)
