import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ErrorCode } from '../errors.js'

const largestBody = 256 * 1024

/** A request that is refused before GraphQL sees it. */
export class RequestRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message)
  }
}

/** The parameters of a GraphQL request over HTTP. */
export interface GraphParams {
  readonly query: string
  readonly operationName?: string | null
  readonly variables?: Record<string, unknown> | null
  readonly extensions?: Record<string, unknown> | null
}

/** Reads a POST's JSON. Anything but application/json would need no preflight from a web page: 415. */
export async function readParams(request: IncomingMessage): Promise<GraphParams> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw new RequestRefusal(415, 'BAD_REQUEST', 'Send JSON: Content-Type: application/json.')
  return checkParams(parseJson(await readBody(request)))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const tooLarge = new RequestRefusal(413, 'BAD_REQUEST', `A request has at most ${largestBody} bytes.`)
  if (Number(request.headers['content-length'] ?? 0) > largestBody) throw tooLarge
  const chunks: Buffer[] = []
  let size = 0
  // Not destroyed when it is given up, or its connection would end before the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = Buffer.from(chunk)
    size += bytes.length
    if (size > largestBody) throw tooLarge
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RequestRefusal(400, 'BAD_REQUEST', 'That is not JSON.')
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isOptionalRecord = (value: unknown): value is Record<string, unknown> | null | undefined =>
  value === undefined || value === null || isRecord(value)

/** Checks the parameters of a GET, which the engine then reads from the address itself. Throws RequestRefusal. */
export function checkSearch(request: IncomingMessage): GraphParams {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const json = (name: string) => {
    const text = searchParams.get(name)
    return text === null || text === '' ? undefined : parseJson(text)
  }
  return checkParams({
    query: searchParams.get('query') ?? undefined,
    operationName: searchParams.get('operationName') ?? undefined,
    variables: json('variables'),
    extensions: json('extensions'),
  })
}

/** Checks the form of a request's parameters, from HTTP or from the socket. Throws RequestRefusal. */
export function checkParams(params: unknown): GraphParams {
  if (!isRecord(params)) throw new RequestRefusal(400, 'BAD_REQUEST', 'A request is one JSON object.')
  const { query, operationName, variables, extensions } = params
  if (typeof query !== 'string') throw new RequestRefusal(400, 'BAD_REQUEST', '`query` is to be a document.')
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    throw new RequestRefusal(400, 'BAD_REQUEST', '`operationName` is to be a name.')
  }
  if (!isOptionalRecord(variables))
    throw new RequestRefusal(400, 'BAD_REQUEST', '`variables` is to be an object.')
  if (!isOptionalRecord(extensions))
    throw new RequestRefusal(400, 'BAD_REQUEST', '`extensions` is to be an object.')
  return {
    query,
    ...(operationName ? { operationName } : {}),
    ...(variables ? { variables } : {}),
    ...(extensions ? { extensions } : {}),
  }
}

/** Answers in GraphQL's form. */
export function sendError(response: ServerResponse, status: number, code: ErrorCode, message: string): void {
  if (response.headersSent) {
    response.end()
    return
  }
  // What is left of a request that is too large is not waited for.
  if (status === 413) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify({ errors: [{ message, extensions: { code } }] }))
}
