import type { Client } from 'graphql-ws'
import {
  PresenceDocument,
  type PresenceFieldsFragment,
  type PresenceSubscription,
  TypingDocument,
  type TypingSubscription,
  type UserFieldsFragment,
} from '../generated/graphql.js'
import { textOf } from './connection.js'
import { Listeners } from './listeners.js'

/** Who types and who is there. Signals, no record: nothing is stored, and while the connection is away nothing is known. */
export class Signals {
  readonly changes = new Listeners()
  readonly #typists = new Map<string, readonly UserFieldsFragment[]>()
  readonly #presences = new Map<string, PresenceFieldsFragment>()
  #isConnected = false
  #stopTyping: (() => void) | null = null
  #stopPresence: (() => void) | null = null

  constructor(private readonly client: Client) {
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
    this.#stopTyping ??= this.client.subscribe<TypingSubscription>(
      { query: textOf(TypingDocument) },
      {
        next: ({ data }) => {
          if (!data) return
          this.#typists.set(data.typing.conversationId, data.typing.conversation.typists)
          this.changes.tell()
        },
        error: () => {
          this.#stopTyping = null
        },
        complete: () => {
          this.#stopTyping = null
        },
      },
    )
  }

  /** Follows these people, at most 100, in place of those before. */
  followPresence(userIds: readonly string[]): void {
    this.#stopPresence?.()
    this.#presences.clear()
    this.#stopPresence = this.client.subscribe<PresenceSubscription>(
      { query: textOf(PresenceDocument), variables: { userIds } },
      {
        next: ({ data }) => {
          if (!data) return
          this.#presences.set(data.presence.userId, data.presence)
          this.changes.tell()
        },
        error: () => {},
        complete: () => {},
      },
    )
  }

  stop(): void {
    this.#stopTyping?.()
    this.#stopPresence?.()
  }
}
