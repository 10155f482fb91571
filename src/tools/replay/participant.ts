import type { Client as SocketClient } from 'graphql-ws'
import { type Client, resultOf } from './client.js'
import { type Message, sendMessage, updates } from './operations.js'
import { ask, describe, openSocket } from './socket.js'
import { Waiting } from './waiting.js'

export interface Received {
  readonly message: Message
  /** performance.now() of the frame's arrival. */
  readonly at: number
}

/** One person with a socket of their own, who listens to their update stream and speaks over the same socket. */
export class Participant implements AsyncDisposable {
  readonly received: Received[] = []
  readonly #client: Client
  readonly #socket: SocketClient
  readonly #waiting = new Waiting(30_000)
  #isListening = false
  #isLeaving = false
  #fault: string | undefined

  private constructor(client: Client, token: () => Promise<string>) {
    this.#client = client
    this.#socket = openSocket(client.url, token)
  }

  /** Comes back once the stream has caught up: what happens from then on will be received. */
  static async connect(client: Client, token: () => Promise<string>): Promise<Participant> {
    const participant = new Participant(client, token)
    participant.#listen()
    try {
      await participant.#until(() => participant.#isListening, 'the stream to start')
      return participant
    } catch (error) {
      await participant[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The message's id, and when it was sent: where the server asked to wait, the attempt that it took. */
  async say(
    conversationId: string,
    clientMessageId: string,
    body: string,
  ): Promise<{ id: string; at: number }> {
    return await this.#client.patiently(async () => {
      const at = performance.now()
      const { message } = await ask(this.#socket, sendMessage, {
        input: { conversationId, clientMessageId, body },
      })
      return { id: message.id, at }
    })
  }

  /** Throws when the message does not arrive in time, or the stream breaks. */
  async hear(messageId: string, name: string): Promise<void> {
    await this.#until(() => this.received.some(({ message }) => message.id === messageId), name)
  }

  /** What went wrong with the stream, if anything did. */
  get fault(): string | undefined {
    return this.#fault
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isLeaving = true
    try {
      await this.#socket.dispose()
    } catch {
      // It was away and trying to come back: there is nothing to close.
    }
  }

  #listen(): void {
    // graphql-ws sends this object anew when it reconnects: the stream goes on behind the last cursor.
    const variables: { after: string | null } = { after: null }
    const next = (frame: unknown) => {
      const at = performance.now()
      try {
        const { cursor, change } = resultOf(updates, frame)
        variables.after = cursor
        if (change?.message) this.received.push({ message: change.message, at })
        if (change?.__typename === 'CaughtUp') this.#isListening = true
        if (change?.reason) this.#fault = `the stream was reset: ${change.reason}`
      } catch (error) {
        this.#fault = `the stream sent ${describe(error)}`
      }
      this.#waiting.changed()
    }
    const end = (reason: unknown) => {
      if (!this.#isLeaving) this.#fault ??= `the stream ended: ${describe(reason)}`
      this.#waiting.changed()
    }
    this.#socket.subscribe(
      { query: updates.query, variables },
      { next, error: end, complete: () => end('complete') },
    )
  }

  async #until(isSo: () => boolean, what: string): Promise<void> {
    const isSoUnbroken = () => {
      if (this.#fault) throw new Error(this.#fault)
      return isSo()
    }
    await this.#waiting.until(isSoUnbroken, what)
  }
}
