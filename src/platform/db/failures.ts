const retryable = new Set(['40P01', '55P03', '40001'])
const unavailable = /^(08...|57P0.|57014|53...|25P03|25006|3D000)$/
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ECONNABORTED',
  'EAI_AGAIN',
  'ENOTFOUND',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
])
/** How Prisma's adapter names them. */
const lostConnections = new Map([
  ['ConnectionClosed', 'ECONNRESET'],
  ['DatabaseNotReachable', 'ECONNREFUSED'],
  ['SocketTimeout', 'ETIMEDOUT'],
])

/**
 * The SQLSTATE, or the code of the driver or of Prisma, that lies somewhere in a database error.
 * Prisma wraps the driver's error in `meta.driverAdapterError.cause`, pg has it at the top.
 */
export function databaseCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const nested = [
    'meta' in error ? error.meta : undefined,
    'driverAdapterError' in error ? error.driverAdapterError : undefined,
    'cause' in error ? error.cause : undefined,
  ]
  for (const inner of nested) {
    const code = databaseCode(inner)
    if (code !== undefined) return code
  }
  if ('originalCode' in error && typeof error.originalCode === 'string') return error.originalCode
  // A connection that was lost has no code left in what the adapter makes of it.
  if ('kind' in error && typeof error.kind === 'string') {
    const code = lostConnections.get(error.kind)
    if (code !== undefined) return code
  }
  if ('code' in error && typeof error.code === 'string') return error.code === 'P2034' ? '40P01' : error.code
  return undefined
}

/** A deadlock or a lock timeout: the same transaction may well succeed when tried again. */
export function isRetryable(error: unknown): boolean {
  return retryable.has(databaseCode(error) ?? '')
}

/** The database is away, overloaded, or gave up on this statement. Whether a write took place is unknown. */
export function isUnavailable(error: unknown): boolean {
  const code = databaseCode(error)
  if (code !== undefined) return connectionCodes.has(code) || unavailable.test(code) || retryable.has(code)
  return (
    error instanceof Error &&
    /connection terminated|timeout exceeded when trying to connect|Connection ended|query read timeout|not queryable|after calling end on the pool/i.test(
      error.message,
    )
  )
}
