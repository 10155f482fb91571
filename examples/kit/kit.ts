import type { Client } from 'graphql-ws'
import {
  DeleteMessageDocument,
  type DeleteScope,
  EditMessageDocument,
  MarkDeliveredDocument,
  MarkReadDocument,
  SendMessageDocument,
  SetTypingDocument,
  StartConversationDocument,
} from '../generated/graphql.js'
import { type Bubble, bubblesOf } from './bubbles.js'
import { connect, request } from './connection.js'
import { payloadOf } from './errors.js'
import { type Ask, LocalCopy, type LocalState } from './local-copy.js'
import type { Outbox } from './outbox.js'
import { Patience } from './patience.js'
import { Session, type SessionOptions } from './session.js'
import { Signals } from './signals.js'
import { Tokens } from './tokens.js'
import { TypingNotifier } from './typing-notifier.js'

/** Everything that a chat client without a framework needs. */
export class Kit {
  private constructor(
    /** The socket, for what else is asked or followed. */
    readonly client: Client,
    readonly copy: LocalCopy,
    readonly signals: Signals,
    private readonly session: Session<LocalState>,
    private readonly patience: Patience,
    private readonly ask: Ask,
  ) {}

  /** Comes back once there is something to show: what was stored, or, the first time, what the server has. */
  static async open(options: SessionOptions): Promise<Kit> {
    const { url, webSocketImpl, patience = new Patience() } = options
    const tokens = new Tokens(options.token, patience)
    const client = connect({ url, tokens, patience, webSocketImpl })
    const ask: Ask = (document, variables) => request(client, document, variables)
    const copy = new LocalCopy(ask)
    const signals = new Signals(client, patience)
    const session = await Session.start(options, {
      client,
      patience,
      copy,
      send: async (input) => {
        const { sendMessage } = await ask(SendMessageDocument, { input })
        copy.add(input.conversationId, payloadOf(sendMessage).messageEdge)
      },
      acknowledge: async (upToCursor) => {
        payloadOf((await ask(MarkDeliveredDocument, { upToCursor })).markDelivered)
      },
    })
    return new Kit(client, copy, signals, session, patience, ask)
  }

  get outbox(): Outbox {
    return this.session.outbox
  }

  /** What was said in a conversation, and what is on its way there, each once. */
  bubbles(conversationId: string): Bubble[] {
    const edges = this.copy.conversation(conversationId)?.page?.edges ?? []
    return bubblesOf(conversationId, edges, this.outbox.waiting)
  }

  /** Says something. It shows at once, and is sent as soon as there is a connection; comes back with its key. */
  send(conversationId: string, body: string, more: { replyToId?: string } = {}): Promise<string> {
    return this.session.send(conversationId, body, more)
  }

  /** Like all that follow, it throws a Refusal when the server says no, and the stream brings what came of it. */
  async edit(messageId: string, body: string): Promise<void> {
    const input = { messageId, body }
    await this.patience.until(async () =>
      payloadOf((await this.ask(EditMessageDocument, { input })).editMessage),
    )
  }

  async delete(messageId: string, scope: DeleteScope): Promise<void> {
    const input = { messageId, scope }
    await this.patience.until(async () =>
      payloadOf((await this.ask(DeleteMessageDocument, { input })).deleteMessage),
    )
  }

  /** Everything that is here of a conversation has been seen. */
  async markRead(conversationId: string): Promise<void> {
    const { page, fields } = this.copy.conversation(conversationId) ?? {}
    const newest = page?.edges.at(-1)?.node
    if (!newest || newest.sequence <= (fields?.lastReadSequence ?? 0)) return
    const input = { conversationId, upToMessageId: newest.id }
    await this.patience.until(async () => payloadOf((await this.ask(MarkReadDocument, { input })).markRead))
  }

  /** The conversation with somebody, by the platform's own id of them: an existing one, or a new one. */
  async startConversation(externalUserId: string): Promise<string> {
    const input = { externalUserId }
    const { conversation } = await this.patience.until(async () =>
      payloadOf((await this.ask(StartConversationDocument, { input })).openConversation),
    )
    return conversation.id
  }

  /** Sees to it that there is something of a conversation to show. */
  async open(conversationId: string): Promise<void> {
    if (!this.copy.conversation(conversationId)?.page)
      await this.#fetch(() => this.copy.fetchPage(conversationId))
  }

  async loadOlder(conversationId: string): Promise<void> {
    await this.#fetch(() => this.copy.fetchOlder(conversationId))
  }

  async loadMoreConversations(): Promise<void> {
    await this.#fetch(() => this.copy.fetchMore())
  }

  /** For a conversation's input field. */
  typingNotifier(conversationId: string): TypingNotifier {
    const tell = (isTyping: boolean) => {
      // Lost, or refused: no matter.
      if (this.signals.isConnected) this.ask(SetTypingDocument, { conversationId, isTyping }).catch(() => {})
    }
    return new TypingNotifier(tell, this.copy.limits?.typingResendSeconds ?? 3)
  }

  /** The network is back: tries at once what waits for its next attempt. */
  wake(): void {
    this.patience.wake()
  }

  /** Saves what there is and closes the connection. What is on its way goes out the next time. */
  close(): Promise<void> {
    this.signals.stop()
    return this.session.close()
  }

  #fetch(fetch: () => Promise<void>): Promise<void> {
    return this.patience.until(() => this.session.follower.during(fetch))
  }
}
