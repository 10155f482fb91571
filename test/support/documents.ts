/** Selections that many tests share. */
export const messageFields = `
  fragment MessageFields on Message {
    id sequence kind body sentAt editedAt deletedAt clientMessageId
    sender { id externalId } deletedBy { id } replyTo { id body deletedAt }
    systemEvent { kind actor { externalId } subject { externalId } }
  }`

export const errorFields = `
  ... on Error { __typename code detail }
  ... on InvalidInputError { fields { path detail } }
  ... on CannotSendError { reasons }
  ... on EditWindowClosedError { windowClosedAt }
  ... on RateLimitedError { retryAfterSeconds }`

export const updateFields = `
  fragment UpdateFields on Update {
    cursor at conversationUnreadCount viewerUnreadCount
    conversation { id }
    change {
      __typename
      ... on MessageSent { message { ...MessageFields } }
      ... on MessageEdited { message { ...MessageFields } }
      ... on MessageDeleted { message { ...MessageFields } }
      ... on MessageHidden { messageId }
      ... on ReactionAdded { message { id } user { externalId } emoji }
      ... on ReactionRemoved { message { id } user { externalId } emoji }
      ... on MessagePinned { message { id } user { externalId } }
      ... on MessageUnpinned { message { id } user { externalId } }
      ... on MessageAcknowledged { message { id } user { externalId } }
      ... on MessagesDelivered { participant { id user { externalId } lastDeliveredSequence lastReadSequence } upToMessageId upToSequence }
      ... on MessagesRead { participant { id user { externalId } lastDeliveredSequence lastReadSequence } upToMessageId upToSequence }
      ... on ConversationOpened { conversation { id kind } }
      ... on ConversationChanged { conversation { id closedAt viewerCanSend viewerCannotSendReasons } }
      ... on ParticipantJoined { participant { id role leftAt user { externalId } } }
      ... on ParticipantChanged { participant { id role leftAt user { externalId } } }
      ... on ParticipantLeft { participant { id role leftAt user { externalId } } }
      ... on ViewerChanged { viewer { id } }
      ... on CaughtUp { replayed }
      ... on StreamReset { reason }
    }
  }
  ${messageFields}`
