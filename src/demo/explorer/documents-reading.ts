/** The tabs that read. Lines are short: the editor takes a third of the window. */

export const start = `# Parley, a doctor-patient messenger. All of this is
# live, with people and dialogues made for trying.
#
# The tabs go by theme: conversations, reading, sending,
# reacting and putting away, following live, typing and
# presence, people, groups, what the platform tells, and
# what is refused.
# Ctrl+Enter runs the operation that the cursor is in;
# the button lets you choose.
#
# Headers, below, says who asks: each tab as whom it
# says in its first line, and a line for everybody else.
# The book on the left explains every type and field.
# Settings (the gear), Clear data, then a reload bring
# these tabs back as they were.

# As dr-osman: who am I, and how much is unread?
query Start {
  viewer {
    user { externalId displayName role specialty }
    unreadCount
    unreadConversationCount
  }
}

# To start without a hole, an app reads the cursor in
# the same operation as what it shows, and follows from
# there.
query StartOfAnApp {
  viewer { updateCursor unreadCount }
  conversations(first: 20) {
    edges { node { id title unreadCount } }
  }
}

# What this deployment allows.
query Limits {
  serverInfo {
    version
    maxBodyLength
    maxGroupSize
    editWindowSeconds
    updateRetentionDays
  }
}
`

export const conversations = `# As dr-osman: the conversations, latest activity first.
query Conversations {
  conversations(first: 10) {
    edges {
      node {
        id
        kind
        title
        otherParticipant { externalId displayName }
        patient { displayName }
        unreadCount
        lastActivityAt
        lastMessage { body sender { displayName } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}

# Those with something unread. dr-osman has read it all;
# ask as amal (Headers).
query Unread {
  conversations(
    first: 10
    filter: { unreadOnly: true }
  ) {
    edges {
      node { id unreadCount lastMessage { body } }
    }
  }
}

# One conversation: who takes part, who has read how
# far, and whether one may write.
query OneConversation($conversationId: ID!) {
  conversation(id: $conversationId) {
    kind
    viewerCanSend
    viewerCannotSendReasons
    closedAt
    participants(first: 20) {
      edges {
        node {
          user { externalId displayName role }
          role
          joinedAt
          lastDeliveredSequence
          lastReadSequence
        }
      }
    }
  }
}

# Gets the conversation with a patient, or opens one:
# they share an appointment. Run it twice, and look at
# created.
mutation OpenConversation {
  openConversation(input: { externalUserId: "mona" }) {
    __typename
    ... on OpenConversationPayload {
      created
      conversation { id viewerCanSend }
    }
    ... on Error { code detail }
  }
}
`

export const reading = `# As amal, who has two unread messages: the newest ten.
# Oldest to newest, whichever way one pages.
query Messages($conversationId: ID!) {
  conversation(id: $conversationId) {
    unreadCount
    lastReadSequence
    messages(last: 10) {
      edges {
        node {
          id
          sequence
          body
          sentAt
          editedAt
          deletedAt
          sender { externalId displayName }
          replyTo { body }
        }
      }
      pageInfo { hasPreviousPage startCursor }
    }
  }
}

# What came before: put startCursor into Variables.
query Earlier($conversationId: ID!, $before: String) {
  conversation(id: $conversationId) {
    messages(last: 5, before: $before) {
      edges { node { sequence body } }
      pageInfo { hasPreviousPage startCursor }
    }
  }
}

# Where to open a conversation: around the first unread
# message, or, with its id as "around", any other.
query Window($conversationId: ID!) {
  conversation(id: $conversationId) {
    messageWindow(size: 6) {
      anchorMessageId
      edges { node { id sequence body } }
      pageInfo { hasPreviousPage hasNextPage }
    }
  }
}

# Up to the last message of the dialogue: forward only,
# and the sender is told at once.
mutation MarkRead(
  $conversationId: ID!
  $messageId: ID!
) {
  markRead(
    input: {
      conversationId: $conversationId
      upToMessageId: $messageId
    }
  ) {
    __typename
    ... on MarkReadPayload {
      conversation { unreadCount lastReadSequence }
      viewer { unreadCount }
    }
    ... on Error { code detail }
  }
}

# How far one message has come, and what it said before
# it was edited.
query Receipts($messageId: ID!) {
  node(id: $messageId) {
    ... on Message {
      body
      deliveryState
      receipts {
        user { displayName }
        deliveredAt
        readAt
      }
      revisions { body writtenAt }
    }
  }
}
`
