import { setTimeout as sleep } from 'node:timers/promises'
import { CloseCode } from 'graphql-ws'
import type { WebSocket } from 'ws'
import type { Services, Ticket } from '../features/context.js'
import { newId } from '../platform/ids.js'
import type { Session } from './authenticate.js'
import { Turnstile } from './turnstile.js'

const lastWordsMilliseconds = 5000
const lastWordsPollMilliseconds = 50
const longestTimer = 2 ** 31 - 1
const closingMilliseconds = 1000

/** What a socket is, once it has said connection_init. */
export interface Connection {
  readonly session: Session
  readonly turnstile: Turnstile
  /** Operations under way that are no subscriptions, by id: they are answered before the socket closes. */
  readonly running: Map<string, Ticket>
  /** Names this connection among those of its person. */
  readonly deviceId: string
  readonly release: () => void
  /** Why it takes no more operations. */
  ending: 'expired' | 'stopping' | null
}

/** Closes the socket when its token runs out, after the last answers, or when its person’s account changes. */
export function connect(
  socket: WebSocket,
  session: Session,
  services: Services,
  leaveSeat: () => void,
): Connection {
  const deviceId = newId()
  const { id: userId } = session.viewer
  const leave = services.presence.connect(userId)
  const unwatch = services.hub.watch(session.viewer, (reason) => {
    if (reason !== 'revoked') return
    connection.ending = 'expired'
    closeSoon(socket, CloseCode.Forbidden, 'Forbidden')
  })
  const expiry = setTimeout(
    () => void expire(),
    Math.min(Math.max(session.expiresAt.getTime() - Date.now(), 0), longestTimer),
  )
  expiry.unref()
  const connection: Connection = {
    session,
    deviceId,
    turnstile: new Turnstile(),
    running: new Map(),
    ending: null,
    release: () => {
      unwatch()
      clearTimeout(expiry)
      leaveSeat()
      services.typing.endIfKnown({ conversationId: null, userId, deviceId })
      leave()
    },
  }
  const expire = async () => {
    await lastWords(connection, 'expired')
    closeSoon(socket, CloseCode.Forbidden, 'Forbidden')
  }
  return connection
}

/** Closes a socket; whoever does not answer in a second is cut: ws would go on reading for half a minute. */
export function closeSoon(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason)
  const cut = setTimeout(() => socket.terminate(), closingMilliseconds).unref()
  socket.once('close', () => clearTimeout(cut))
}

/** Takes no more operations; settles when those that run are answered, or after five seconds. */
export async function lastWords(connection: Connection, ending: 'expired' | 'stopping'): Promise<void> {
  connection.ending = ending
  const deadline = Date.now() + lastWordsMilliseconds
  while (connection.running.size > 0 && Date.now() < deadline) await sleep(lastWordsPollMilliseconds)
}
