/** What an app would select: enough to draw the message, no more. */
export const updatesDocument = `subscription Updates {
  updates {
    cursor
    at
    conversationUnreadCount
    viewerUnreadCount
    conversation { id }
    change {
      __typename
      ... on MessageSent { message { id sequence body sentAt sender { id } } }
      ... on StreamReset { reason }
    }
  }
}`

export const sendDocument = `mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename
    ... on SendMessagePayload { messageEdge { cursor } message { id sequence } }
    ... on Error { code detail }
  }
}`

export const upsertUserDocument = `mutation User($input: UpsertUserInput!) {
  upsertUser(input: $input) { __typename ... on UpsertUserPayload { user { id } } ... on Error { code detail } }
}`

export const upsertAppointmentDocument = `mutation Appointment($input: UpsertAppointmentInput!) {
  upsertAppointment(input: $input) {
    __typename
    ... on UpsertAppointmentPayload { appointment { id } }
    ... on Error { code detail }
  }
}`

export const openConversationDocument = `mutation Open($input: OpenConversationInput!) {
  openConversation(input: $input) {
    __typename
    ... on OpenConversationPayload { conversation { id } }
    ... on Error { code detail }
  }
}`

export const forwardPageDocument = `query Forward($id: ID!, $cursor: String) {
  conversation(id: $id) {
    page: messages(first: 50, after: $cursor) {
      edges { cursor node { id sequence body sentAt sender { id displayName } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}`

export const backwardPageDocument = forwardPageDocument
  .replace('query Forward', 'query Backward')
  .replace('first: 50, after: $cursor', 'last: 50, before: $cursor')

export const windowDocument = `query Window($id: ID!, $cursor: ID!) {
  conversation(id: $id) {
    page: messageWindow(around: $cursor) {
      edges { cursor node { id sequence body sentAt sender { id displayName } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}`

/** A message's own place, as a cursor of its conversation. */
export const placeDocument = `query Place($id: ID!, $around: ID!) {
  conversation(id: $id) { messageWindow(around: $around, size: 1) { pageInfo { startCursor } } }
}`
