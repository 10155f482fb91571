import { once } from 'node:events'
import { WebSocket } from 'ws'
import { dig, excerpt } from '../json.js'

export type Variables = Readonly<Record<string, unknown>>

interface Operation {
  next(data: unknown): void
  failed(reason: string): void
  completed?(): void
}

/**
 * The graphql-transport-ws protocol by hand, so that what the load generator itself costs is about the
 * same for both servers: one JSON.parse and one map look-up a frame.
 */
export class GraphqlSocket {
  readonly #socket: WebSocket
  readonly #operations = new Map<string, Operation>()
  #count = 0
  #closing = false

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => this.#receive(JSON.parse(data.toString())))
    socket.on('close', (code) => this.#lost(`socket closed with ${code}`))
    socket.on('error', (error) => this.#lost(error.message))
  }

  static async open(url: string, token: string): Promise<GraphqlSocket> {
    const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false })
    await once(socket, 'open')
    const acknowledged = once(socket, 'message')
    const refused = once(socket, 'close').then(([code]) => Promise.reject(new Error(`refused with ${code}`)))
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }))
    await Promise.race([acknowledged, refused])
    return new GraphqlSocket(socket)
  }

  execute(query: string, variables: Variables): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#start(query, variables, { next: resolve, failed: (reason) => reject(new Error(reason)) })
    })
  }

  subscribe(query: string, variables: Variables, operation: Operation): void {
    this.#start(query, variables, operation)
  }

  async close(): Promise<void> {
    this.#closing = true
    if (this.#socket.readyState === WebSocket.CLOSED) return
    this.#socket.close(1000)
    await once(this.#socket, 'close')
  }

  #start(query: string, variables: Variables, operation: Operation): void {
    this.#count += 1
    const id = String(this.#count)
    this.#operations.set(id, operation)
    this.#socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }))
  }

  #receive(frame: unknown): void {
    const type = dig(frame, 'type')
    const id = dig(frame, 'id')
    const operation = typeof id === 'string' ? this.#operations.get(id) : undefined
    if (type === 'ping') this.#socket.send('{"type":"pong"}')
    else if (!operation || typeof id !== 'string') return
    else if (type === 'next') {
      const errors = dig(frame, 'payload', 'errors')
      if (errors === undefined) operation.next(dig(frame, 'payload', 'data'))
      else operation.failed(excerpt(errors))
    } else {
      this.#operations.delete(id)
      if (type === 'error') operation.failed(excerpt(dig(frame, 'payload')))
      else operation.completed?.()
    }
  }

  #lost(reason: string): void {
    if (!this.#closing) for (const operation of this.#operations.values()) operation.failed(reason)
    this.#operations.clear()
  }
}
