/** The tabs about people, groups, the platform and what is refused. */

export const people = `# As dr-osman: whom one may write to, or add to a group.
query Contacts {
  contacts(first: 20) {
    edges {
      node {
        id
        externalId
        displayName
        role
        specialty
        viewerCanMessage
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}

# By the words of a name or specialty.
query Search {
  contacts(first: 5, search: "rao endo") {
    edges {
      node { externalId displayName specialty }
    }
  }
}

# By the platform's own id; null for whom one may not
# see.
query Person {
  user(externalId: "amal") {
    displayName
    role
    isActive
    viewerCanMessage
    viewerHasBlocked
  }
}

# The conversation with somebody, if there is one.
query ConversationWith($userId: ID!) {
  viewer {
    conversation(withUserId: $userId) { id unreadCount }
  }
}

# Neither sends in their conversation while it stands.
mutation Block($userId: ID!) {
  blockUser(input: { userId: $userId }) {
    __typename
    ... on BlockUserPayload {
      user { displayName viewerHasBlocked }
    }
    ... on Error { code detail }
  }
}

query Blocked {
  viewer {
    blockedUsers(first: 10) {
      edges { node { displayName } }
    }
  }
}

mutation Unblock($userId: ID!) {
  unblockUser(input: { userId: $userId }) {
    __typename
    ... on UnblockUserPayload {
      user { viewerHasBlocked }
    }
    ... on Error { code detail }
  }
}
`

export const groups = `# As dr-osman, who owns amal's care team. Groups are
# made by doctors, about one patient or about none.
query CareTeam($groupId: ID!) {
  conversation(id: $groupId) {
    title
    patient { displayName }
    participantCount
    participants(first: 20) {
      edges {
        node {
          role
          user { externalId displayName role }
        }
      }
    }
    messages(last: 10) {
      edges {
        node {
          sequence
          body
          sender { displayName }
          systemEvent { kind subject { displayName } }
        }
      }
    }
  }
}

# tomasz, of the reception, joins: he sees what is said
# from now on.
mutation AddParticipants(
  $groupId: ID!
  $colleagueId: ID!
) {
  addParticipants(
    input: {
      conversationId: $groupId
      userIds: [$colleagueId]
    }
  ) {
    __typename
    ... on AddParticipantsPayload {
      participants {
        user { displayName }
        role
        joinedAt
      }
    }
    ... on Error { code detail }
  }
}

# Doctors and staff may own groups too.
mutation MakeOwner(
  $groupId: ID!
  $colleagueId: ID!
) {
  setParticipantRole(
    input: {
      conversationId: $groupId
      userId: $colleagueId
      role: OWNER
    }
  ) {
    __typename
    ... on SetParticipantRolePayload {
      participant { role user { displayName } }
    }
    ... on Error { code detail }
  }
}

# Removed: what he could see stays readable to him,
# nothing new arrives.
mutation RemoveParticipant(
  $groupId: ID!
  $colleagueId: ID!
) {
  removeParticipant(
    input: {
      conversationId: $groupId
      userId: $colleagueId
    }
  ) {
    __typename
    ... on RemoveParticipantPayload {
      conversation { participantCount }
    }
    ... on Error { code detail }
  }
}

mutation Rename($groupId: ID!) {
  updateGroup(
    input: {
      conversationId: $groupId
      title: "Amal’s care team"
    }
  ) {
    __typename
    ... on UpdateGroupPayload {
      conversation { id title }
    }
    ... on Error { code detail }
  }
}

mutation CreateGroup(
  $colleagueId: ID!
  $patientId: ID!
) {
  createGroup(
    input: {
      title: "Before the operation"
      participantIds: [$colleagueId]
      patientId: $patientId
    }
  ) {
    __typename
    ... on CreateGroupPayload {
      conversation { id title participantCount }
    }
    ... on Error { code detail }
  }
}
`

export const platform = `# As platform, a SERVICE: it says who there is, and who
# sees whom. Both may be repeated at will. It reads
# nothing.
mutation Platform {
  upsertUser(
    input: {
      externalId: "noor"
      displayName: "Noor Haddad"
      role: PATIENT
      email: "noor@mail.example"
    }
  ) {
    __typename
    ... on UpsertUserPayload {
      created
      user { id displayName role isActive }
    }
    ... on Error { code detail }
    ... on InvalidInputError { fields { path detail } }
  }
}

# An appointment that is not cancelled lets the two
# write.
mutation UpsertAppointment {
  upsertAppointment(
    input: {
      externalId: "appt-noor"
      patientExternalId: "noor"
      doctorExternalId: "dr-osman"
      status: SCHEDULED
      startsAt: "2030-01-31T09:30:00.000Z"
    }
  ) {
    __typename
    ... on UpsertAppointmentPayload {
      created
      appointment { id status startsAt }
    }
    ... on Error { code detail }
  }
}
`

export const refusals = `# As pieter: what is refused is data. Every mutation
# answers with its payload or an error of a known code;
# select "... on Error" in each. Here: closed by the
# doctor.
mutation Refused(
  $closedId: ID!
  $clientMessageId: UUID!
) {
  sendMessage(
    input: {
      conversationId: $closedId
      clientMessageId: $clientMessageId
      body: "One more thing"
    }
  ) {
    __typename
    ... on Error { code detail }
    ... on CannotSendError { reasons }
  }
}

# The one appointment with this doctor was cancelled:
# what was said stays readable, nothing can be sent.
query WhyNot($unrelatedId: ID!) {
  conversation(id: $unrelatedId) {
    viewerCanSend
    viewerCannotSendReasons
    lastMessage { body }
  }
}

# What one may not see does not exist: null, no error.
query SomebodyElses($somebodyElsesId: ID!) {
  conversation(id: $somebodyElsesId) { id }
}

# Only the platform may say who there is.
mutation NotThePlatform {
  upsertUser(
    input: {
      externalId: "me"
      displayName: "Me"
      role: DOCTOR
    }
  ) {
    __typename
    ... on Error { code detail }
  }
}
`
