
      export interface PossibleTypesResultData {
        possibleTypes: {
          [key: string]: string[]
        }
      }
      const result: PossibleTypesResultData = {
  "possibleTypes": {
    "AddParticipantsResult": [
      "AddParticipantsPayload",
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError"
    ],
    "BlockUserResult": [
      "BlockUserPayload",
      "InvalidInputError",
      "NotFoundError"
    ],
    "Change": [
      "CaughtUp",
      "ConversationChanged",
      "ConversationOpened",
      "MessageDeleted",
      "MessageEdited",
      "MessageHidden",
      "MessageSent",
      "MessagesDelivered",
      "MessagesRead",
      "ParticipantChanged",
      "ParticipantJoined",
      "ParticipantLeft",
      "StreamReset",
      "ViewerChanged"
    ],
    "CloseConversationResult": [
      "CloseConversationPayload",
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError"
    ],
    "CreateGroupResult": [
      "CreateGroupPayload",
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError"
    ],
    "DeleteMessageResult": [
      "DeleteMessagePayload",
      "ForbiddenError",
      "NotFoundError"
    ],
    "EditMessageResult": [
      "CannotSendError",
      "EditMessagePayload",
      "EditWindowClosedError",
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError"
    ],
    "Error": [
      "CannotSendError",
      "ConflictError",
      "EditWindowClosedError",
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError",
      "RateLimitedError"
    ],
    "MarkDeliveredResult": [
      "InvalidInputError",
      "MarkDeliveredPayload"
    ],
    "MarkReadResult": [
      "MarkReadPayload",
      "NotFoundError"
    ],
    "Node": [
      "Appointment",
      "Conversation",
      "Message",
      "Participant",
      "User",
      "Viewer"
    ],
    "OpenConversationResult": [
      "CannotSendError",
      "InvalidInputError",
      "NotFoundError",
      "OpenConversationPayload"
    ],
    "RemoveParticipantResult": [
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError",
      "RemoveParticipantPayload"
    ],
    "ReopenConversationResult": [
      "ForbiddenError",
      "NotFoundError",
      "ReopenConversationPayload"
    ],
    "SendMessageResult": [
      "CannotSendError",
      "ConflictError",
      "InvalidInputError",
      "NotFoundError",
      "SendMessagePayload"
    ],
    "SetAvailabilityResult": [
      "RateLimitedError",
      "SetAvailabilityPayload"
    ],
    "SetParticipantRoleResult": [
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError",
      "SetParticipantRolePayload"
    ],
    "SetTypingResult": [
      "CannotSendError",
      "NotFoundError",
      "RateLimitedError",
      "SetTypingPayload"
    ],
    "UnblockUserResult": [
      "NotFoundError",
      "UnblockUserPayload"
    ],
    "UpdatePrivacyResult": [
      "InvalidInputError",
      "UpdatePrivacyPayload"
    ],
    "UpsertAppointmentResult": [
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError",
      "UpsertAppointmentPayload"
    ],
    "UpsertUserResult": [
      "ForbiddenError",
      "InvalidInputError",
      "UpsertUserPayload"
    ]
  }
};
      export default result;
    