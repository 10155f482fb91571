import { WebSocket } from 'ws'
import type { Person } from './person.js'
import { token } from './world.js'

/** A frame of the graphql-ws protocol. */
export interface Frame {
  readonly type: string
  readonly id?: string
  readonly payload?: unknown
}

/** A socket that speaks the graphql-ws protocol only as far as a test tells it to, and keeps all it was sent. */
export class RawSocket {
  readonly frames: Frame[] = []
  /** How it ended: the close code and reason, or the status of a refused upgrade. */
  readonly ended: Promise<{ code: number; reason: string }>
  private readonly opened: Promise<void>
  private wakes: (() => void)[] = []
  private isOver = false

  constructor(
    url: string,
    readonly socket = new WebSocket(url, 'graphql-transport-ws'),
  ) {
    socket.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)))
      this.wake()
    })
    socket.on('error', () => {})
    this.opened = new Promise((resolve) => socket.once('open', () => resolve()))
    this.ended = new Promise((resolve) => {
      const end = (code: number, reason: string) => {
        this.isOver = true
        this.wake()
        resolve({ code, reason })
      }
      socket.once('unexpected-response', (request, response) => {
        end(response.statusCode ?? 0, '')
        request.destroy()
      })
      socket.once('close', (code, reason) => end(code, String(reason)))
    })
  }

  /** Opens a socket to a person's node; `origin` as a web page would send it. */
  static to(person: Person, origin?: string): RawSocket {
    const url = person.world.url(person.node).replace('http', 'ws')
    return new RawSocket(url, new WebSocket(url, 'graphql-transport-ws', origin ? { origin } : {}))
  }

  /** Opens, and is let in with a token that is good for so long. */
  static async of(person: Person, seconds?: number): Promise<RawSocket> {
    const socket = RawSocket.to(person)
    await socket.init({ authorization: `Bearer ${await token(person.externalId, seconds)}` })
    await socket.until((frames) => frames.some((frame) => frame.type === 'connection_ack'))
    return socket
  }

  async init(payload?: Record<string, unknown>): Promise<void> {
    await this.send({ type: 'connection_init', ...(payload ? { payload } : {}) })
  }

  async send(frame: object | string): Promise<void> {
    await this.opened
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  async subscribe(id: string, query: string, more: object = {}): Promise<void> {
    await this.send({ type: 'subscribe', id, payload: { query, ...more } })
  }

  of(id: string): Frame[] {
    return this.frames.filter((frame) => frame.id === id)
  }

  /** The frames of an operation, once it has been answered to the end. */
  async answer(id: string): Promise<Frame[]> {
    await this.until(() => this.of(id).some(({ type }) => type === 'complete' || type === 'error'))
    return this.of(id)
  }

  /** Waits until the condition holds; fails after 10 s, or when the socket ends. */
  async until(condition: (frames: readonly Frame[]) => boolean): Promise<void> {
    const deadline = Date.now() + 10_000
    while (!condition(this.frames)) {
      if (this.isOver || Date.now() > deadline)
        throw new Error(`${this.isOver ? 'ended' : 'waited'}; there is ${JSON.stringify(this.frames)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 250)
        this.wakes.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  private wake(): void {
    for (const wake of this.wakes.splice(0)) wake()
  }
}
