/** The tabs that follow what happens, and those of the signals. */

export const following = `# As amal: everything that concerns her, live. Run it,
# then send something as dr-osman from a second browser
# window: tabs share one running operation. CaughtUp
# comes at once: you are live. The answer shows the
# newest update alone; after 15 seconds of silence that
# is CaughtUp again, the heartbeat.
subscription Live {
  updates {
    cursor
    conversationUnreadCount
    viewerUnreadCount
    change {
      __typename
      ... on MessageSent {
        message {
          id
          sequence
          body
          sender { displayName }
        }
      }
      ... on MessageEdited {
        message { id body editedAt }
      }
      ... on MessageDeleted { message { id deletedAt } }
      ... on MessagesRead {
        participant { user { displayName } }
        upToSequence
      }
      ... on CaughtUp { replayed }
      ... on StreamReset { reason }
    }
  }
}

# With the last cursor: what came after it, once each
# and in order, then live. From the start of the stream
# here.
subscription Resume($after: String) {
  updates(after: $after) {
    cursor
    change {
      __typename
      ... on MessageSent { message { body } }
      ... on CaughtUp { replayed }
    }
  }
}

# The same for whoever can't hold a connection: the same
# updates, the same cursors, a page at a time.
query Poll($after: String!) {
  updates(after: $after, first: 10) {
    updates {
      cursor
      at
      viewerUnreadCount
      change {
        __typename
        ... on MessageSent { message { body sequence } }
      }
    }
    endCursor
    hasMore
  }
}

# All before the cursor has been processed: its messages
# count as delivered.
mutation Acknowledge($after: String!) {
  markDelivered(input: { upToCursor: $after }) {
    __typename
    ... on MarkDeliveredPayload { upToCursor }
    ... on Error { code detail }
  }
}

# Live only, for simple clients: nothing is replayed.
subscription NewMessages {
  newMessages {
    id
    body
    sender { displayName }
    conversation { id }
  }
}
`

export const watching = `# As amal: who types, the whole list at every change. Run
# it, then run SetTyping in a second browser window.
subscription Typing($conversationId: ID) {
  typing(conversationId: $conversationId) {
    conversation { id }
    typists { externalId displayName }
  }
}

# Who is there: each as they are first, then changes.
# Somebody is online while a subscription of theirs
# runs: run Live as dr-osman in the second window, and
# stop it.
subscription Presence($doctorId: ID!) {
  presence(userIds: [$doctorId]) {
    user { displayName }
    isOnline
    availability
    lastSeenAt
  }
}

# The same, asked once.
query PresenceNow($doctorId: ID!) {
  presence(userIds: [$doctorId]) {
    isOnline
    availability
    lastSeenAt
  }
}
`

export const signalling = `# As dr-osman: types to amal. Others see it until
# expiresAt; an app repeats it while its user types on.
mutation SetTyping($conversationId: ID!) {
  setTyping(
    input: {
      conversationId: $conversationId
      isTyping: true
    }
  ) {
    __typename
    ... on SetTypingPayload { expiresAt }
    ... on Error { code detail }
  }
}

mutation StopTyping($conversationId: ID!) {
  setTyping(
    input: {
      conversationId: $conversationId
      isTyping: false
    }
  ) {
    __typename
    ... on SetTypingPayload { expiresAt }
    ... on Error { code detail }
  }
}

# AVAILABLE, BUSY, AWAY or INVISIBLE, on all devices.
mutation SetAvailability {
  setAvailability(input: { availability: BUSY }) {
    __typename
    ... on SetAvailabilityPayload {
      presence { isOnline availability lastSeenAt }
    }
  }
}

# What others are told of oneself. What is left out
# stays as it is.
mutation UpdatePrivacy {
  updatePrivacy(input: { sendReadReceipts: true }) {
    __typename
    ... on UpdatePrivacyPayload {
      viewer {
        privacy {
          sendReadReceipts
          sendTyping
          sharePresence
        }
      }
    }
    ... on Error { code detail }
  }
}
`
