import type { Client, SubscribePayload } from 'graphql-ws'
import {
  PresenceDocument,
  type PresenceFieldsFragment,
  type PresenceSubscription,
  TypingDocument,
  type TypingSubscription,
  type UserFieldsFragment,
} from '../generated/graphql.js'
import { failureOf, textOf } from './connection.js'
import { Listeners } from './listeners.js'
import { mayHelpReading, type Patience } from './patience.js'

/** Who types and who is there. Signals, no record: nothing is stored, and while the connection is away nothing is known. */
export class Signals {
  readonly changes = new Listeners()
  readonly #typists = new Map<string, readonly UserFieldsFragment[]>()
  readonly #presences = new Map<string, PresenceFieldsFragment>()
  #isConnected = false
  #stopTyping: (() => void) | null = null
  #stopPresence: (() => void) | null = null

  constructor(
    private readonly client: Client,
    private readonly patience: Patience,
  ) {
    client.on('connected', () => {
      this.#isConnected = true
    })
    // What comes after a reconnect is who types then, not who has stopped.
    client.on('closed', () => {
      this.#isConnected = false
      this.#typists.clear()
      this.#presences.clear()
      this.changes.tell()
    })
  }

  /** Signals of one's own make no sense later: they are left out while this is false. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  typists(conversationId: string): readonly UserFieldsFragment[] {
    return this.#typists.get(conversationId) ?? []
  }

  /** Undefined for whoever is not followed, or not to be seen. */
  presence(userId: string): PresenceFieldsFragment | undefined {
    return this.#presences.get(userId)
  }

  /** Follows who types in all of the viewer's conversations. */
  followTyping(): void {
    this.#stopTyping ??= this.#follow<TypingSubscription>({ query: textOf(TypingDocument) }, ({ typing }) =>
      this.#typists.set(typing.conversationId, typing.conversation.typists),
    )
  }

  /** Follows these people, at most 100, in place of those before. Of too many the server refuses to tell, and nothing is known. */
  followPresence(userIds: readonly string[]): void {
    this.#stopPresence?.()
    this.#presences.clear()
    const payload = { query: textOf(PresenceDocument), variables: { userIds } }
    this.#stopPresence = this.#follow<PresenceSubscription>(payload, ({ presence }) =>
      this.#presences.set(presence.userId, presence),
    )
  }

  stop(): void {
    this.#stopTyping?.()
    this.#stopPresence?.()
  }

  /** Subscribes anew when the server ends it, unless it refuses for good. Reconnects are the client's own matter. */
  #follow<Data>(payload: SubscribePayload, take: (data: Data) => void): () => void {
    let isStopped = false
    let unsubscribe = () => {}
    let failures = 0
    const subscribe = () => {
      let failure: Error | null = null
      const again = async (reason: Error | null) => {
        if (reason && !mayHelpReading(reason)) return
        await this.patience.wait(failures++)
        if (!isStopped) subscribe()
      }
      unsubscribe = this.client.subscribe<Data>(payload, {
        next: ({ data, errors }) => {
          if (!data) {
            failure = failureOf(errors)
            return
          }
          failures = 0
          take(data)
          this.changes.tell()
        },
        error: (reason) => void again(failureOf(reason)),
        complete: () => void again(failure),
      })
    }
    subscribe()
    return () => {
      isStopped = true
      unsubscribe()
    }
  }
}
