import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import { connect } from '../../examples/kit/connection.js'
import { Patience } from '../../examples/kit/patience.js'
import { Tokens } from '../../examples/kit/tokens.js'

/** What comes back: a result (and whether it is the last), errors instead of one, or the end of the socket. */
export type Reply =
  | { readonly data: unknown; readonly isLast: boolean }
  | { readonly errors: readonly { message: string; extensions: { code: string } }[] }
  | { readonly close: number }

/** The nth time that an operation of this name is asked for, beginning with 1. */
export type Script = (name: string, nth: number) => Reply | Promise<Reply>

/** A server that says what a test has written down: for what Parley itself can't be made to say. */
export class ScriptedServer {
  /** The names of all operations that were asked for. */
  readonly asked: string[] = []
  /** The number of each wait of its client: 0 after a first failure, then 1. */
  readonly waits: number[] = []
  readonly patience = new Patience((attempt) => {
    this.waits.push(attempt)
    return 5
  })

  private constructor(
    private readonly server: WebSocketServer,
    private readonly script: Script,
  ) {
    server.on('connection', (socket) => {
      socket.on('message', (data) => void this.#answer(socket, JSON.parse(data.toString())))
    })
  }

  static async start(script: Script): Promise<ScriptedServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    return new ScriptedServer(server, script)
  }

  client() {
    const address = this.server.address()
    if (address === null || typeof address === 'string') throw new Error('it has no port')
    const { patience } = this
    return connect({
      url: `http://127.0.0.1:${address.port}/graphql`,
      tokens: new Tokens(async () => 'a token', patience),
      patience,
      webSocketImpl: WebSocket,
    })
  }

  count(name: string): number {
    return this.asked.filter((each) => each === name).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.patience.end()
    for (const socket of this.server.clients) socket.terminate()
    await new Promise((resolve) => this.server.close(resolve))
  }

  async #answer(
    socket: WebSocket,
    message: { type: string; id: string; payload?: { query?: string } },
  ): Promise<void> {
    const say = (type: string, payload?: unknown) =>
      socket.send(JSON.stringify({ id: message.id, type, payload }))
    if (message.type === 'connection_init') return say('connection_ack')
    const name = /^\w+ (\w+)/.exec(message.payload?.query ?? '')?.[1]
    if (message.type !== 'subscribe' || name === undefined) return
    this.asked.push(name)
    const reply = await this.script(name, this.count(name))
    if ('close' in reply) return socket.close(reply.close)
    if ('errors' in reply) return say('error', reply.errors)
    say('next', { data: reply.data })
    if (reply.isLast) say('complete')
  }
}
