import { randomUUID } from 'node:crypto'
import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { Person } from '../support/person.js'
import { token } from '../support/world.js'

const updates = `subscription { updates { cursor change { __typename
  ... on MessageSent { message { id body sender { id displayName } } } } } }`
const typing = 'subscription { typing { conversationId typists { id } } }'
const presence = 'subscription ($ids: [ID!]!) { presence(userIds: $ids) { userId isOnline } }'
const send = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  __typename ... on SendMessagePayload { message { id } } ... on Error { code } } }`
const read =
  'mutation ($input: MarkReadInput!) { markRead(input: $input) { __typename ... on Error { code } } }'
const type =
  'mutation ($input: SetTypingInput!) { setTyping(input: $input) { __typename ... on Error { code } } }'

/** Somebody with an app open: follows everything, and does something now and then. */
export class Visitor {
  received = 0
  private readonly client: Client

  constructor(
    private readonly person: Person,
    private readonly conversationId: string,
    private readonly others: readonly Person[],
    url: string,
  ) {
    this.client = createClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      lazy: false,
      retryAttempts: 0,
      onNonLazyError: () => {},
      connectionParams: async () => ({ authorization: `Bearer ${await token(person.externalId)}` }),
    })
    this.follow(updates)
    this.follow(typing)
    this.follow(presence, { ids: others.map(({ id }) => id) })
  }

  /** Types, says something and reads it. */
  async act(): Promise<void> {
    const { conversationId } = this
    await this.ask(type, { conversationId, isTyping: true })
    const { sendMessage } = await this.ask<{ sendMessage: { message?: { id: string } } }>(send, {
      conversationId,
      clientMessageId: randomUUID(),
      body: `said by ${this.person.externalId} to ${this.others.length}`,
    })
    if (sendMessage.message) await this.ask(read, { conversationId, upToMessageId: sendMessage.message.id })
  }

  /** Politely, or as a phone that loses its network. */
  async leave(isPolite: boolean): Promise<void> {
    if (isPolite) await this.client.dispose()
    else this.client.terminate()
  }

  private follow(query: string, variables: Record<string, unknown> = {}): void {
    const next = () => {
      this.received += 1
    }
    this.client.subscribe({ query, variables }, { next, error: () => {}, complete: () => {} })
  }

  private ask<Data>(query: string, input: Record<string, unknown>): Promise<Data> {
    return new Promise((resolve, reject) => {
      this.client.subscribe<Data>(
        { query, variables: { input } },
        {
          next: ({ data, errors }) => (data ? resolve(data) : reject(new Error(JSON.stringify(errors)))),
          error: reject,
          complete: () => reject(new Error('no answer')),
        },
      )
    })
  }
}
