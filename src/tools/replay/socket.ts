import { setTimeout as delay } from 'node:timers/promises'
import { createClient, type Client as SocketClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { resultOf } from './client.js'
import type { Operation } from './operations.js'

/** A graphql-ws client that comes back by itself when the server goes away for a while. */
export function openSocket(url: string, token: () => Promise<string>): SocketClient {
  return createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
    shouldRetry: () => true,
    retryAttempts: 60,
    retryWait: () => delay(500),
  })
}

/** An operation with one answer: a query or a mutation. */
export function ask<Result>(
  socket: SocketClient,
  operation: Operation<Result>,
  variables: Record<string, unknown>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let answer: unknown
    const next = (frame: unknown) => {
      answer = frame
    }
    const error = (reason: unknown) => reject(new Error(describe(reason)))
    const complete = () => {
      try {
        resolve(resultOf(operation, answer))
      } catch (refusal) {
        reject(refusal)
      }
    }
    socket.subscribe({ query: operation.query, variables }, { next, error, complete })
  })
}

/** graphql-ws reports errors, close events and lists of GraphQL errors in the same place. */
export function describe(reason: unknown): string {
  if (reason instanceof Error) return reason.message
  if (Array.isArray(reason)) return reason.map(describe).join('; ')
  if (typeof reason !== 'object' || reason === null) return String(reason)
  if ('code' in reason && 'reason' in reason) return `socket closed with ${reason.code} ${reason.reason}`
  return 'message' in reason ? String(reason.message) : JSON.stringify(reason)
}
