
      export interface PossibleTypesResultData {
        possibleTypes: {
          [key: string]: string[]
        }
      }
      const result: PossibleTypesResultData = {
  "possibleTypes": {
    "AcknowledgeMessageResult": [
      "AcknowledgeMessagePayload",
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError"
    ],
    "AddParticipantsResult": [
      "AddParticipantsPayload",
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError"
    ],
    "AddReactionResult": [
      "AddReactionPayload",
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError"
    ],
    "ArchiveConversationResult": [
      "ArchiveConversationPayload",
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
      "MessageAcknowledged",
      "MessageDeleted",
      "MessageEdited",
      "MessageHidden",
      "MessagePinned",
      "MessageSent",
      "MessageUnpinned",
      "MessagesDelivered",
      "MessagesRead",
      "ParticipantChanged",
      "ParticipantJoined",
      "ParticipantLeft",
      "ReactionAdded",
      "ReactionRemoved",
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
    "MarkUnreadResult": [
      "MarkUnreadPayload",
      "NotFoundError"
    ],
    "MuteConversationResult": [
      "InvalidInputError",
      "MuteConversationPayload",
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
    "PinMessageResult": [
      "ConflictError",
      "ForbiddenError",
      "NotFoundError",
      "PinMessagePayload"
    ],
    "RemoveParticipantResult": [
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError",
      "RemoveParticipantPayload"
    ],
    "RemoveReactionResult": [
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError",
      "RemoveReactionPayload"
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
      "RateLimitedError",
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
    "UnarchiveConversationResult": [
      "NotFoundError",
      "UnarchiveConversationPayload"
    ],
    "UnblockUserResult": [
      "NotFoundError",
      "UnblockUserPayload"
    ],
    "UnpinMessageResult": [
      "ForbiddenError",
      "NotFoundError",
      "UnpinMessagePayload"
    ],
    "UpdateGroupResult": [
      "ForbiddenError",
      "InvalidInputError",
      "NotFoundError",
      "UpdateGroupPayload"
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
    