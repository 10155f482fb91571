import { WebSocket } from 'ws'

/** A device's way to the server: it can be cut and counts what is asked over it. */
export class Network {
  /** The names of all operations that were sent, over the socket or HTTP, in order. */
  readonly asked: string[] = []
  /** Where each following of updates began. */
  readonly cursors: unknown[] = []
  readonly webSocketImpl: object
  /** How often a socket was opened or a request made, also in vain. */
  attempts = 0
  readonly #sockets = new Set<WebSocket>()
  #isOnline = true
  #lost: string | undefined

  constructor() {
    const network = this
    this.webSocketImpl = class extends WebSocket {
      constructor(address: string | URL, protocols?: string | string[]) {
        // Nobody listens on port 1: what happens where there is no network.
        super(network.#isOnline ? address : 'ws://127.0.0.1:1/', protocols)
        network.attempts += 1
        network.#sockets.add(this)
        this.once('close', () => network.#sockets.delete(this))
      }

      override send(data: string) {
        network.#note(data)
        super.send(data)
        if (network.#isLost(data)) this.pause()
      }
    }
  }

  /** For HTTP. */
  fetch: typeof fetch = (input, init) => {
    this.attempts += 1
    if (!this.#isOnline) return Promise.reject(new TypeError('fetch failed'))
    const body = typeof init?.body === 'string' ? init.body : ''
    this.#note(body)
    const answer = fetch(input, init)
    return this.#isLost(body) ? answer.then(() => Promise.reject(new TypeError('fetch failed'))) : answer
  }

  /** The next operation of this name is carried out, and its answer never comes; a socket says no more until it is cut. */
  loseAnswerTo(name: string): void {
    this.#lost = name
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
    const name = nameOf(frame)
    if (name !== undefined) this.asked.push(name)
    if (name === 'Updates') this.cursors.push(/"after":"([^"]*)"/.exec(frame)?.[1])
  }

  #isLost(frame: string): boolean {
    const isLost = this.#lost !== undefined && nameOf(frame) === this.#lost
    if (isLost) this.#lost = undefined
    return isLost
  }
}

function nameOf(frame: string): string | undefined {
  return /"query":"(?:query|mutation|subscription) (\w+)/.exec(frame)?.[1]
}
