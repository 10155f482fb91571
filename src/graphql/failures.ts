import { GraphQLError } from 'graphql'
import { DomainError, type ErrorCode, RateLimitedError, ServiceUnavailableError } from '../errors.js'
import { NewerUpdateError } from '../features/stream/kinds.js'
import { UnreadableError } from '../platform/crypto/envelope.js'
import type { Log } from '../platform/log.js'

const statuses: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  BAD_REQUEST: 400,
  COST_EXCEEDED: 400,
  SERVICE_UNAVAILABLE: 503,
}

/** Errors that may leave as they are. */
const made = new WeakSet<object>()
const ofNewerVersion = new WeakSet<object>()

/** Whether this node is too old for what it was to tell of: its clients are to go elsewhere. */
export function needsNewerVersion(error: object): boolean {
  return ofNewerVersion.has(error)
}

/** An error as clients get it in `errors[]`: a code, a sentence, a place in the document, and nothing that was sent. */
export function codedError(
  code: ErrorCode,
  message: string,
  from?: GraphQLError,
  extra: object = {},
): GraphQLError {
  const status = statuses[code]
  const error = new GraphQLError(message, {
    ...(from?.nodes ? { nodes: from.nodes } : {}),
    ...(from?.source ? { source: from.source } : {}),
    ...(from?.positions ? { positions: from.positions } : {}),
    ...(from?.path ? { path: from.path } : {}),
    extensions: { code, ...extra, ...(status === undefined ? {} : { http: { status } }) },
  })
  made.add(error)
  return error
}

/** What a client may know of anything that was thrown; what it may not know is logged under the request's id. */
export function publicError(error: unknown, requestId: string, log: Log): GraphQLError {
  const graphQLError = error instanceof GraphQLError ? error : undefined
  const cause = graphQLError?.originalError ?? error
  if (graphQLError && made.has(graphQLError)) return graphQLError
  if (cause instanceof GraphQLError && made.has(cause)) return cause
  if (cause instanceof DomainError) return domainError(cause, graphQLError)
  if (cause instanceof UnreadableError) {
    const { table, column, rowId } = cause.place
    log.error({ requestId, table, column, rowId }, 'ALERT: content does not decrypt')
    return codedError('CONTENT_UNREADABLE', 'This text cannot be decrypted.', graphQLError)
  }
  if (graphQLError && isOfRequest(graphQLError)) return badRequest(graphQLError)
  log.error({ requestId, error: cause }, 'an operation failed')
  return codedError('INTERNAL', 'Something went wrong.', graphQLError, { requestId })
}

/**
 * Whether the request is at fault: GraphQL itself found it, or a scalar while it took a variable or an argument. A scalar
 * that can't be sent stands at a path, too, but is no fault of an argument.
 */
function isOfRequest(error: GraphQLError): boolean {
  const { originalError, path } = error
  if (originalError === undefined) return true
  return (
    originalError instanceof GraphQLError &&
    (path === undefined || originalError.message.startsWith('Argument '))
  )
}

function domainError(error: DomainError, from?: GraphQLError): GraphQLError {
  if (error instanceof RateLimitedError)
    return codedError(error.code, error.detail, from, { retryAfterSeconds: error.retryAfterSeconds })
  if (error instanceof ServiceUnavailableError) {
    const coded = codedError(error.code, error.detail, from, { retryAfterSeconds: error.retryAfterSeconds })
    if (error instanceof NewerUpdateError) ofNewerVersion.add(coded)
    return coded
  }
  return codedError(error.code, error.detail, from)
}

/**
 * GraphQL's own errors (syntax, validation, coercion) quote what the client sent. What stays is the code, the place, and
 * the names of the schema's own types.
 */
export function badRequest(error: GraphQLError): GraphQLError {
  // Validation is remembered per document, with what was made of it.
  if (made.has(error)) return error
  const isTooLong = /more (?:that|than) \d+ tokens/i.test(error.message)
  if (isTooLong) return codedError('COST_EXCEEDED', 'The document has too many tokens.')
  return codedError('BAD_REQUEST', plainMessage(error.message), error)
}

const onType = /on type "(\w+)"/

function plainMessage(message: string): string {
  if (message.startsWith('Syntax Error')) return 'The document is not valid GraphQL.'
  if (message.startsWith('Cannot query field'))
    return `There is no such field on ${onType.exec(message)?.[1] ?? 'this type'}.`
  if (message.startsWith('Can only perform a')) return 'A mutation is sent by POST.'
  if (message.startsWith('GraphQL introspection')) return 'Introspection is off.'
  if (message.startsWith('Unknown argument')) return 'There is no such argument.'
  if (message.startsWith('Unknown type')) return 'There is no such type.'
  if (message.includes('must have a selection of subfields'))
    return 'A field that is an object needs a selection.'
  if (message.includes('must not have a selection')) return 'A field that is a leaf has no selection.'
  if (message.startsWith('Variable') || message.includes('cannot represent'))
    return 'A value does not fit its type.'
  if (
    /^(Must provide operation name|Unknown operation named|Could not determine what operation)/.test(message)
  ) {
    return 'Which operation of the document is meant?'
  }
  return 'The document does not fit the schema.'
}
