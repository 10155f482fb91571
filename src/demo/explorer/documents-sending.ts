/** The tab that sends. */

export const sending = `# As dr-osman to amal. Each message has a UUID of the
# client's own. Run it twice: replayed is true, and it
# is said once. For the next message change the UUID
# (Variables); other words under the same one: CONFLICT.
mutation Send(
  $conversationId: ID!
  $clientMessageId: UUID!
  $body: String!
) {
  sendMessage(
    input: {
      conversationId: $conversationId
      clientMessageId: $clientMessageId
      body: $body
    }
  ) {
    __typename
    ... on SendMessagePayload {
      replayed
      message {
        id
        sequence
        body
        sentAt
        deliveryState
        editableUntil
      }
    }
    ... on Error { code detail }
    ... on CannotSendError { reasons }
  }
}

# messageId, in Variables, is of an old message: too
# late, EDIT_WINDOW_CLOSED. Put the id of the one you
# sent there.
mutation EditMessage($messageId: ID!) {
  editMessage(
    input: {
      messageId: $messageId
      body: "Did you sleep well?"
    }
  ) {
    __typename
    ... on EditMessagePayload {
      message {
        body
        editedAt
        revisions { body writtenAt }
      }
    }
    ... on Error { code detail }
    ... on EditWindowClosedError { windowClosedAt }
  }
}

# For everyone: a tombstone stays, the text is
# destroyed. With scope: ME it is hidden from oneself
# alone.
mutation DeleteMessage($messageId: ID!) {
  deleteMessage(
    input: { messageId: $messageId, scope: EVERYONE }
  ) {
    __typename
    ... on DeleteMessagePayload {
      tombstone { sequence body deletedAt }
      conversation { lastMessage { body } }
    }
    ... on Error { code detail }
  }
}
`
