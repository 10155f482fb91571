/** The tab of what people do with messages and conversations besides writing. */

export const manners = `# As amal: an emoji on a message; the same one again
# changes nothing, and \u2764 and \u2764\ufe0f are one.
mutation React($messageId: ID!) {
  addReaction(
    input: { messageId: $messageId, emoji: "\u2764" }
  ) {
    __typename
    ... on AddReactionPayload {
      message {
        id
        reactions {
          emoji
          count
          viewerHasReacted
          users { displayName }
        }
      }
    }
    ... on Error { code detail }
  }
}

mutation Unreact($messageId: ID!) {
  removeReaction(
    input: { messageId: $messageId, emoji: "\u2764\ufe0f" }
  ) {
    __typename
    ... on RemoveReactionPayload {
      message { id reactions { emoji count } }
    }
    ... on Error { code detail }
  }
}

# In a direct conversation both may pin, in a group its
# owners and the doctors.
mutation PinMessage($messageId: ID!) {
  pinMessage(input: { messageId: $messageId }) {
    __typename
    ... on PinMessagePayload {
      message { id pinnedAt }
      conversation {
        id
        pinnedMessages { id body pinnedAt }
      }
    }
    ... on Error { code detail }
  }
}

mutation Unpin($messageId: ID!) {
  unpinMessage(input: { messageId: $messageId }) {
    __typename
    ... on UnpinMessagePayload {
      conversation { id pinnedMessages { id } }
    }
    ... on Error { code detail }
  }
}

# What was sent with priority: URGENT asks everybody
# else to say that they have taken note.
mutation TakeNote($urgentId: ID!) {
  acknowledgeMessage(input: { messageId: $urgentId }) {
    __typename
    ... on AcknowledgeMessagePayload {
      message {
        id
        priority
        mentions { displayName }
        acknowledgements { user { displayName } at }
      }
    }
    ... on Error { code detail }
  }
}

# Out of the list, until somebody writes there.
mutation Archive($conversationId: ID!) {
  archiveConversation(
    input: { conversationId: $conversationId }
  ) {
    __typename
    ... on ArchiveConversationPayload {
      conversation { id archivedAt }
      viewer { id unreadCount unreadConversationCount }
    }
    ... on Error { code detail }
  }
}

query ArchivedOnes {
  conversations(first: 5, filter: { archived: true }) {
    edges { node { id archivedAt } }
  }
}

mutation Unarchive($conversationId: ID!) {
  unarchiveConversation(
    input: { conversationId: $conversationId }
  ) {
    __typename
    ... on UnarchiveConversationPayload {
      conversation { id archivedAt }
    }
    ... on Error { code detail }
  }
}

# until: null unmutes.
mutation Mute($conversationId: ID!) {
  muteConversation(
    input: {
      conversationId: $conversationId
      until: "2199-01-01T00:00:00.000Z"
    }
  ) {
    __typename
    ... on MuteConversationPayload {
      conversation { id mutedUntil }
    }
    ... on Error { code detail }
  }
}

# A badge for oneself; markRead clears it.
mutation MarkUnread($conversationId: ID!) {
  markUnread(input: { conversationId: $conversationId }) {
    __typename
    ... on MarkUnreadPayload {
      conversation { id isMarkedUnread unreadCount }
      viewer { id unreadConversationCount }
    }
    ... on Error { code detail }
  }
}

# By the names of people and the titles of groups.
query SearchConversations {
  conversations(first: 5, filter: { search: "care" }) {
    edges { node { id title } }
  }
}
`
