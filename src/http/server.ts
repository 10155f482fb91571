import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type ErrorCode, ServiceUnavailableError, UnauthenticatedError } from '../errors.js'
import type { Services, Ticket } from '../features/context.js'
import { newId } from '../platform/ids.js'
import { addressOf } from './address.js'
import { type Authenticator, bearerToken } from './authenticate.js'
import type { Origins } from './origins.js'
import { checkSearch, RequestRefusal, readParams, sendError } from './requests.js'
import type { Vigil } from './vigil.js'
import { type Engine, endpoint } from './yoga.js'

/** Answers `/readyz`. */
export interface Health {
  /** Whether this node can serve: the database answers. A node does not listen before its schema is up to date. */
  readonly isReady: () => Promise<boolean>
  /** Whether this node takes no more requests: each answer then closes its connection. */
  readonly isStopping: () => boolean
}

/** HTTP and SSE: one endpoint, JSON by POST, reads by GET too, behind the origin allow-list and a token. */
export function createHttpServer(
  engine: Engine,
  authenticator: Authenticator,
  origins: Origins,
  services: Services,
  health: Health,
  vigil: Vigil,
  isExploring: boolean,
): Server {
  const server = createServer((request, response) => {
    const requestId = newId()
    if (health.isStopping()) response.setHeader('connection', 'close')
    response.once('close', () => {
      if (health.isStopping()) server.closeIdleConnections()
    })
    response.setHeader('x-request-id', requestId)
    handle(request, response, requestId).catch((error: unknown) => {
      const refuse = (status: number, code: ErrorCode, message: string) => {
        services.metrics.errors(code)
        sendError(response, status, code, message)
      }
      if (error instanceof RequestRefusal) refuse(error.status, error.code, error.message)
      else if (error instanceof UnauthenticatedError) refuse(401, error.code, error.detail)
      else if (error instanceof ServiceUnavailableError) {
        response.setHeader('retry-after', error.retryAfterSeconds)
        refuse(503, error.code, error.detail)
      } else if (!response.destroyed) {
        services.log.error({ requestId, error }, 'a request failed')
        refuse(500, 'INTERNAL', 'Something went wrong.')
      }
      request.resume()
    })
  })
  return server

  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<void> {
    const path = request.url?.split('?')[0]
    if (path === '/healthz') return sendText(response, 200, 'ok')
    if (path === '/readyz')
      return (await health.isReady())
        ? sendText(response, 200, 'ready')
        : sendText(response, 503, 'not ready')
    if (path === '/metrics') return sendMetrics(response)
    if (path === '/' && isExploring) {
      response.writeHead(302, { location: endpoint }).end()
      return
    }
    if (path !== endpoint) throw new RequestRefusal(404, 'NOT_FOUND', `The API is at ${endpoint}.`)

    const { origin } = request.headers
    response.setHeader('vary', 'Origin')
    if (!origins.allows(origin))
      throw new RequestRefusal(403, 'FORBIDDEN', 'This origin is not allowed here.')
    if (origin !== undefined) response.setHeader('access-control-allow-origin', origin)
    if (request.method === 'OPTIONS') return sendPreflight(response)
    if (request.method === 'GET' && isExploring && request.headers.accept?.includes('text/html')) {
      await engine(request, response)
      return
    }
    if (request.method !== 'POST' && request.method !== 'GET') {
      response.setHeader('allow', 'GET, POST, OPTIONS')
      throw new RequestRefusal(405, 'BAD_REQUEST', 'Use POST, or GET for a query or a subscription.')
    }
    await serve(request, response, requestId)
  }

  async function sendMetrics(response: ServerResponse): Promise<void> {
    const { contentType, body } = await services.metrics.text()
    response.writeHead(200, { 'content-type': contentType }).end(body)
  }

  async function serve(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    const session = await authenticator.authenticate(bearerToken(request.headers.authorization))
    // The engine refuses a mutation by GET: a web page of any origin could cause it.
    const body = request.method === 'POST' ? { body: await readParams(request) } : {}
    if (request.method === 'GET') checkSearch(request)
    // An HTTP connection answers in order, so a client that minds the order has waited for the answer before.
    const ticket: Ticket | null = null
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    // Closed while the token was verified: nobody would ever hear of it.
    if (response.destroyed) return
    vigil.watchResponse(response)
    const address = addressOf(request, services.config.trustProxy)
    await engine(Object.assign(request, body), response, {
      arrival: {
        session,
        deviceId: 'http',
        requestId,
        address,
        ticket,
        streamsEndAt: session.expiresAt,
        gone: gone.signal,
      },
    })
  }
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}

function sendPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-allow-headers': 'authorization, content-type, accept',
    'access-control-max-age': '600',
  })
  response.end()
}
