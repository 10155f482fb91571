import { randomUUID } from 'node:crypto'
import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { errorFields, messageFields, updateFields } from './documents.js'
import { Stream } from './stream.js'
import { type Role, token, type World } from './world.js'

export interface Answer<Data> {
  readonly status: number
  readonly data?: Data | null
  readonly errors?: readonly {
    message: string
    path?: (string | number)[]
    extensions: { code: string } & Record<string, unknown>
  }[]
}

export interface MessageShape {
  readonly id: string
  readonly sequence: number
  readonly body: string | null
}

/** What a mutation answered: the payload's fields, or an error's. */
export interface Result {
  readonly __typename: string
  readonly code?: string
  readonly detail?: string
  readonly reasons?: string[]
  readonly fields?: { path: string[]; detail: string }[]
  readonly retryAfterSeconds?: number
  readonly [field: string]: unknown
}

/** Somebody who talks to a node through the public API, over HTTP unless told. */
export class Person {
  private knownId: string | undefined
  private sockets: Client[] = []

  constructor(
    readonly world: World,
    readonly externalId: string,
    readonly role: Role,
    readonly node: number,
  ) {}

  /** The global id; known once the person was made. */
  get id(): string {
    if (this.knownId === undefined) throw new Error(`${this.externalId} has not been made`)
    return this.knownId
  }

  /** The row's id. */
  get rowId(): string {
    return Buffer.from(this.id, 'base64url').toString().split(':')[1] ?? ''
  }

  /** The same person through another node. */
  at(node: number): Person {
    const same = new Person(this.world, this.externalId, this.role, node)
    same.knownId = this.knownId
    return same
  }

  /** Creates or changes the person as the platform (or the admin, for roles that a service may not touch). */
  async upsert(changes: Record<string, unknown>): Promise<void> {
    const isAbove =
      ['ADMIN', 'AUDITOR', 'SERVICE'].includes(this.role) ||
      ['ADMIN', 'AUDITOR', 'SERVICE'].includes(String(changes.role))
    const keeper = isAbove ? this.world.admin() : this.world.platform()
    const { upsertUser } = await keeper.must<{ upsertUser: { user: { id: string } } }>(
      'mutation ($input: UpsertUserInput!) { upsertUser(input: $input) { ... on UpsertUserPayload { user { id } } ... on Error { code detail } } }',
      { input: { externalId: this.externalId, displayName: this.externalId, role: this.role, ...changes } },
    )
    this.knownId = upsertUser.user.id
  }

  /** One operation over HTTP. */
  async ask<Data = Record<string, unknown>>(query: string, variables: object = {}): Promise<Answer<Data>> {
    const response = await fetch(this.world.url(this.node), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await token(this.externalId)}`,
      },
      body: JSON.stringify({ query, variables }),
    })
    const answer: Omit<Answer<Data>, 'status'> = JSON.parse(await response.text())
    return { status: response.status, ...answer }
  }

  /** One operation over HTTP that must succeed: no errors[], and no Error in a result union. */
  async must<Data = Record<string, unknown>>(query: string, variables: object = {}): Promise<Data> {
    const answer = await this.ask<Data>(query, variables)
    if (answer.errors || !answer.data) throw new Error(`refused: ${JSON.stringify(answer)}`)
    for (const value of Object.values(answer.data)) {
      if (typeof value === 'object' && value !== null && 'code' in value)
        throw new Error(`refused: ${JSON.stringify(value)}`)
    }
    return answer.data
  }

  /** A mutation whose result, payload or error, is what is asked for. `selection` is of the payload. */
  async mutate(name: string, input: Record<string, unknown>, selection = '__typename'): Promise<Result> {
    const type = name.charAt(0).toUpperCase() + name.slice(1)
    const needsMessage = selection.includes('...MessageFields')
    const known = errorFieldsOf(name)
    const document = `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename ... on ${type}Payload { ${selection} } ${known} } }
      ${needsMessage ? messageFields : ''}`
    const answer = await this.ask<Record<string, Result>>(document, { input })
    const result = answer.data?.[name]
    if (!result) throw new Error(`no result: ${JSON.stringify(answer)}`)
    return result
  }

  async open(other: Person): Promise<string> {
    const { openConversation } = await this.must<{ openConversation: { conversation: { id: string } } }>(
      `mutation ($input: OpenConversationInput!) {
         openConversation(input: $input) { ... on OpenConversationPayload { conversation { id } } ... on Error { code detail } } }`,
      { input: { userId: other.id } },
    )
    return openConversation.conversation.id
  }

  /** Sends over HTTP and must succeed. */
  async send(
    conversationId: string,
    body: string,
    more: Record<string, unknown> = {},
  ): Promise<MessageShape> {
    const result = await this.trySend(conversationId, body, more)
    if (result.__typename !== 'SendMessagePayload') throw new Error(`not sent: ${JSON.stringify(result)}`)
    return result.message as MessageShape
  }

  trySend(conversationId: string, body: string | null, more: Record<string, unknown> = {}): Promise<Result> {
    return this.mutate(
      'sendMessage',
      { conversationId, clientMessageId: randomUUID(), body, ...more },
      'replayed message { ...MessageFields }',
    )
  }

  /** Every message of a conversation that this person sees, oldest first, paged to the end. */
  async history(conversationId: string, pageSize = 100): Promise<(MessageShape & Record<string, unknown>)[]> {
    const messages: (MessageShape & Record<string, unknown>)[] = []
    let after: string | null = null
    for (;;) {
      const data: {
        conversation: {
          messages: {
            edges: { node: MessageShape & Record<string, unknown> }[]
            pageInfo: { hasNextPage: boolean; endCursor: string | null }
          }
        } | null
      } = await this.must(
        `query ($id: ID!, $first: Int!, $after: String) { conversation(id: $id) { messages(first: $first, after: $after) {
             edges { node { ...MessageFields } } pageInfo { hasNextPage endCursor } } } } ${messageFields}`,
        { id: conversationId, first: pageSize, after },
      )
      const page = data.conversation?.messages
      if (!page) return messages
      messages.push(...page.edges.map((edge) => edge.node))
      if (!page.pageInfo.hasNextPage) return messages
      after = page.pageInfo.endCursor
    }
  }

  /** A graphql-ws client of this person's; closed with the stream or by the test's end (`close`). */
  socket(options: { seconds?: number; retryAttempts?: number } = {}): Client {
    const client = createClient({
      url: this.world.url(this.node).replace('http', 'ws'),
      webSocketImpl: WebSocket,
      lazy: true,
      retryAttempts: options.retryAttempts ?? 0,
      connectionParams: async () => ({
        authorization: `Bearer ${await token(this.externalId, options.seconds)}`,
      }),
    })
    this.sockets.push(client)
    return client
  }

  /** Follows this person's update stream over a socket of its own. */
  follow(after: string | null = null, options: { seconds?: number } = {}): Stream {
    return new Stream(
      this.socket(options),
      after,
      `subscription ($after: String) { updates(after: $after) { ...UpdateFields } } ${updateFields}`,
    )
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) await socket.dispose()
    this.sockets = []
  }
}

/** The error fragments that a result union allows: a fragment on a type outside the union would not validate. */
const errorsOf: Record<string, readonly string[]> = {
  openConversation: ['CannotSendError', 'InvalidInputError'],
  createGroup: ['InvalidInputError'],
  addParticipants: ['InvalidInputError'],
  removeParticipant: ['InvalidInputError'],
  setParticipantRole: ['InvalidInputError'],
  closeConversation: ['InvalidInputError'],
  updateGroup: ['InvalidInputError'],
  muteConversation: ['InvalidInputError'],
  sendMessage: ['CannotSendError', 'InvalidInputError', 'RateLimitedError'],
  editMessage: ['InvalidInputError', 'CannotSendError', 'EditWindowClosedError'],
  addReaction: ['InvalidInputError'],
  removeReaction: ['InvalidInputError'],
  acknowledgeMessage: ['InvalidInputError'],
  markDelivered: ['InvalidInputError'],
  blockUser: ['InvalidInputError'],
  setTyping: ['CannotSendError'],
  updatePrivacy: ['InvalidInputError'],
  upsertUser: ['InvalidInputError'],
  upsertAppointment: ['InvalidInputError'],
}

function errorFieldsOf(name: string): string {
  const allowed = errorsOf[name] ?? []
  return errorFields
    .trim()
    .split('\n')
    .filter((line) => line.includes('on Error ') || allowed.some((type) => line.includes(`on ${type} `)))
    .join('\n')
}
