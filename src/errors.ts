/** Every code that a client can meet, with what it means. The README repeats this table. */
export const errorCodes = {
  UNAUTHENTICATED:
    'No token, or one that is unreadable, forged, expired, or of an unknown or deactivated person.',
  BAD_REQUEST:
    'The request is malformed: JSON, syntax, an unknown field, a value that does not fit its type.',
  COST_EXCEEDED: 'The document is too large or too deep. Ask for less at once.',
  INVALID_INPUT: 'An input is out of its bounds. In a mutation, `fields` names each one.',
  NOT_FOUND: 'What is named does not exist, or the viewer may not see it: the two look alike.',
  FORBIDDEN: 'The viewer may see this, but not do that.',
  CANNOT_SEND: 'Nobody in the viewer’s position may write here now; `reasons` says why.',
  EDIT_WINDOW_CLOSED: 'The message is too old to be edited.',
  CONFLICT: 'The same key was used before with other content, or the place for it is full.',
  RATE_LIMITED: 'Too often. Try again after retryAfterSeconds.',
  CONTENT_UNREADABLE: 'This one text cannot be decrypted. The operators have been alerted.',
  SERVICE_UNAVAILABLE: 'Too busy, or a dependency is away. Try again after extensions.retryAfterSeconds.',
  INTERNAL: 'A fault of the server. Quote extensions.requestId to its operators.',
} as const

export type ErrorCode = keyof typeof errorCodes

/** An expected failure. Its detail is for people and never repeats what the client sent. */
export class DomainError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
  ) {
    super(detail)
    this.name = new.target.name
  }
}

export class NotFoundError extends DomainError {
  constructor(detail = 'There is no such thing, or you may not see it.') {
    super('NOT_FOUND', detail)
  }
}

export class ForbiddenError extends DomainError {
  constructor(detail = 'You may not do this.') {
    super('FORBIDDEN', detail)
  }
}

export interface InvalidField {
  /** Names of input fields, from the outermost in; list indexes as text. */
  readonly path: readonly string[]
  readonly detail: string
}

export class InvalidInputError extends DomainError {
  constructor(readonly fields: readonly InvalidField[]) {
    super('INVALID_INPUT', fields.map((field) => `${field.path.join('.')}: ${field.detail}`).join(' '))
  }

  static at(path: string | readonly string[], detail: string): InvalidInputError {
    return new InvalidInputError([{ path: typeof path === 'string' ? [path] : path, detail }])
  }
}

export class ConflictError extends DomainError {
  constructor(detail: string) {
    super('CONFLICT', detail)
  }
}

/** In the order of the contract's enum. */
export const cannotSendReasons = [
  'NO_CARE_RELATIONSHIP',
  'BLOCKED',
  'USER_INACTIVE',
  'CONVERSATION_CLOSED',
  'NOT_A_PARTICIPANT',
] as const

export type CannotSendReason = (typeof cannotSendReasons)[number]

export class CannotSendError extends DomainError {
  constructor(readonly reasons: readonly CannotSendReason[]) {
    super('CANNOT_SEND', 'Messages cannot be sent here now.')
  }
}

export class EditWindowClosedError extends DomainError {
  constructor(readonly windowClosedAt: Date) {
    super('EDIT_WINDOW_CLOSED', 'This message can no longer be edited.')
  }
}

/** Too often; in a mutation that has no member for it, an entry of `errors[]`. */
export class RateLimitedError extends DomainError {
  constructor(
    readonly retryAfterSeconds: number,
    detail = 'That was too often. Try again shortly.',
  ) {
    super('RATE_LIMITED', detail)
  }
}

/** The token is missing or no longer good. `isExpired`: a new token for the same person will do. */
export class UnauthenticatedError extends DomainError {
  constructor(
    detail: string,
    readonly isExpired = false,
  ) {
    super('UNAUTHENTICATED', detail)
  }
}

export class ServiceUnavailableError extends DomainError {
  /** `isContended`: somebody else’s locks, not the database as a whole. */
  constructor(
    readonly retryAfterSeconds = 1,
    readonly isContended = false,
  ) {
    super('SERVICE_UNAVAILABLE', 'The service is busy. Try again shortly.')
  }
}
