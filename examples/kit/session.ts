import type { Client } from 'graphql-ws'
import type { SendMessageInput } from '../generated/graphql.js'
import { type Copy, Follower, type FollowerState } from './follower.js'
import { Outbox } from './outbox.js'
import type { Patience } from './patience.js'
import { Saved, type Storage } from './storage.js'
import type { FetchToken } from './tokens.js'

export interface SessionOptions {
  /** The API's address, `https://…/graphql`. */
  readonly url: string
  /** Who is signed in, in the app's own terms: what is stored of one person is not shown to another. */
  readonly person: string
  readonly token: FetchToken
  readonly storage: Storage
  /** Where there is no global WebSocket (Node 20): that of `ws`. */
  readonly webSocketImpl?: unknown
  readonly patience?: Patience
  readonly onState?: (state: FollowerState, reason?: Error) => void
}

/** What differs with the kind of copy that is kept. */
export interface SessionParts<Extracted> {
  readonly client: Client
  readonly patience: Patience
  readonly copy: Copy<Extracted>
  /** Sends once, and puts the answer into the copy. */
  readonly send: (input: SendMessageInput) => Promise<void>
  readonly acknowledge: (upToCursor: string) => Promise<void>
}

/** What may go with the text of a message. */
export type SendOptions = Pick<SendMessageInput, 'replyToId' | 'mentionIds' | 'priority'>

/** A copy that is kept, and an outbox beside it. */
export class Session<Extracted> {
  private constructor(
    readonly outbox: Outbox,
    readonly follower: Follower<Extracted>,
    private readonly client: Client,
    private readonly patience: Patience,
  ) {}

  /** Comes back once there is something to show: what was stored, or, the first time, what the server has. */
  static async start<Extracted>(
    { storage, person, onState }: SessionOptions,
    { client, patience, copy, send, acknowledge }: SessionParts<Extracted>,
  ): Promise<Session<Extracted>> {
    const outbox = await Outbox.open({
      saved: new Saved(storage, `parley:${person}:outbox`),
      patience,
      send: (input) => follower.during(() => send(input)),
    })
    const follower = await Follower.start<Extracted>({
      client,
      copy,
      saved: new Saved(storage, `parley:${person}:copy`),
      patience,
      acknowledge,
      onArrival: (clientMessageId) => void outbox.remove(clientMessageId),
      onState,
    })
    outbox.resume()
    return new Session(outbox, follower, client, patience)
  }

  /** Says something. It shows at once, and is sent as soon as there is a connection; comes back with its key. */
  async send(conversationId: string, body: string, more: SendOptions = {}): Promise<string> {
    const clientMessageId = crypto.randomUUID()
    await this.outbox.add({ conversationId, clientMessageId, body, ...more })
    return clientMessageId
  }

  /** Saves what there is and closes the connection. What is on its way goes out the next time. */
  async close(): Promise<void> {
    this.outbox.stop()
    await this.follower.stop()
    // Away, it would first wait for its next attempt to come back, only to find that nobody is left.
    const closed = Promise.resolve(this.client.dispose()).catch(() => {})
    this.patience.end()
    await closed
  }
}
