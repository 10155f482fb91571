import { WebSocket } from 'ws'

/** A device's way to the server: it can be cut and counts what is asked over it. */
export class Network {
  /** The names of all operations that were sent, over the socket or HTTP, in order. */
  readonly asked: string[] = []
  readonly webSocketImpl: object
  readonly #sockets = new Set<WebSocket>()
  #isOnline = true

  constructor() {
    const network = this
    this.webSocketImpl = class extends WebSocket {
      constructor(address: string | URL, protocols?: string | string[]) {
        // Nobody listens on port 1: what happens where there is no network.
        super(network.#isOnline ? address : 'ws://127.0.0.1:1/', protocols)
        network.#sockets.add(this)
        this.once('close', () => network.#sockets.delete(this))
      }

      override send(data: string) {
        network.#note(data)
        super.send(data)
      }
    }
  }

  /** For HTTP. */
  fetch: typeof fetch = (input, init) => {
    if (!this.#isOnline) return Promise.reject(new TypeError('fetch failed'))
    if (typeof init?.body === 'string') this.#note(init.body)
    return fetch(input, init)
  }

  /** How often an operation was asked for. */
  count(name: string): number {
    return this.asked.filter((each) => each === name).length
  }

  goOffline(): void {
    this.#isOnline = false
    this.drop()
  }

  goOnline(): void {
    this.#isOnline = true
  }

  /** Cuts the connections that there are. */
  drop(): void {
    for (const socket of this.#sockets) socket.terminate()
  }

  #note(frame: string): void {
    const name = /"query":"(?:query|mutation|subscription) (\w+)/.exec(frame)?.[1]
    if (name) this.asked.push(name)
  }
}
