import type {
  CannotSendError,
  ConflictError,
  cannotSendReasons,
  DomainError,
  EditWindowClosedError,
  ForbiddenError,
  InvalidField,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
} from '../errors.js'
import { builder } from './builder.js'

export const ErrorRef = builder.interfaceRef<DomainError>('Error').implement({
  description:
    'An expected failure of a mutation. Unions grow: select `... on Error { code detail }` in each.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Stable, for programs. The README lists them all.' }),
    detail: t.exposeString('detail', {
      description: 'One or two English sentences for people; it may change.',
    }),
  }),
})

const FieldErrorRef = builder.objectRef<InvalidField>('FieldError').implement({
  description: 'What is wrong with one input field.',
  fields: (t) => ({
    path: t.stringList({
      description: 'The names that lead to it within the input, outermost first.',
      resolve: (field) => [...field.path],
    }),
    detail: t.exposeString('detail', { description: 'What would be right, never what was sent.' }),
  }),
})

export const CannotSendReasonRef = builder.enumType('CannotSendReason', {
  description: 'Why nobody in the viewer’s position may send in a conversation now.',
  values: {
    NO_CARE_RELATIONSHIP: {
      description: 'DIRECT: patient and doctor share no appointment that is not cancelled.',
    },
    BLOCKED: {
      description: 'DIRECT: the viewer has blocked the other person. Told to the one who blocks only.',
    },
    USER_INACTIVE: {
      description: 'DIRECT: the other person’s account is not active, or looks so to the viewer.',
    },
    CONVERSATION_CLOSED: { description: 'The conversation is closed.' },
    NOT_A_PARTICIPANT: { description: 'The viewer has left, or was removed.' },
  } satisfies Record<(typeof cannotSendReasons)[number], object>,
})

const NotFoundRef = builder.objectRef<NotFoundError>('NotFoundError').implement({
  interfaces: [ErrorRef],
  description:
    'NOT_FOUND: what the input names does not exist, or the viewer may not see it. The two look alike.',
})
const ForbiddenRef = builder.objectRef<ForbiddenError>('ForbiddenError').implement({
  interfaces: [ErrorRef],
  description: 'FORBIDDEN: the viewer may see this, but not do that: role, ownership, or a tombstone.',
})
const InvalidInputRef = builder.objectRef<InvalidInputError>('InvalidInputError').implement({
  interfaces: [ErrorRef],
  description: 'INVALID_INPUT: the input does not have the right form.',
  fields: (t) => ({
    fields: t.field({
      type: [FieldErrorRef],
      description: 'Each field that is wrong.',
      resolve: (error) => [...error.fields],
    }),
  }),
})
const ConflictRef = builder.objectRef<ConflictError>('ConflictError').implement({
  interfaces: [ErrorRef],
  description:
    'CONFLICT: the same key was used before with other content, or the place for it is full (50 pins).',
})
const CannotSendRef = builder.objectRef<CannotSendError>('CannotSendError').implement({
  interfaces: [ErrorRef],
  description: 'CANNOT_SEND: the state of the conversation, or of the people in it, does not allow it now.',
  fields: (t) => ({
    reasons: t.field({
      type: [CannotSendReasonRef],
      description: 'All that apply.',
      resolve: (error) => [...error.reasons],
    }),
  }),
})
const EditWindowClosedRef = builder.objectRef<EditWindowClosedError>('EditWindowClosedError').implement({
  interfaces: [ErrorRef],
  description: 'EDIT_WINDOW_CLOSED: the message is too old to be edited.',
  fields: (t) => ({
    windowClosedAt: t.expose('windowClosedAt', { type: 'DateTime', description: 'When the window closed.' }),
  }),
})
const RateLimitedRef = builder.objectRef<RateLimitedError>('RateLimitedError').implement({
  interfaces: [ErrorRef],
  description: 'RATE_LIMITED: that was too often.',
  fields: (t) => ({
    retryAfterSeconds: t.exposeFloat('retryAfterSeconds', { description: 'After how long to try again.' }),
  }),
})

/** The error types by name; a DomainError's class has the name of its type. */
export const errorTypes = {
  NotFoundError: NotFoundRef,
  ForbiddenError: ForbiddenRef,
  InvalidInputError: InvalidInputRef,
  ConflictError: ConflictRef,
  CannotSendError: CannotSendRef,
  EditWindowClosedError: EditWindowClosedRef,
  RateLimitedError: RateLimitedRef,
} as const

export type ErrorTypeName = keyof typeof errorTypes
