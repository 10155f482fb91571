import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import type { Client } from 'graphql-ws'
import {
  AcknowledgeMessageDocument,
  AddReactionDocument,
  ArchiveConversationDocument,
  DeleteMessageDocument,
  type DeleteScope,
  EditMessageDocument,
  MarkDeliveredDocument,
  MarkReadDocument,
  MarkUnreadDocument,
  MuteConversationDocument,
  PinMessageDocument,
  RemoveReactionDocument,
  SendMessageDocument,
  SetTypingDocument,
  StartConversationDocument,
  UnarchiveConversationDocument,
  UnpinMessageDocument,
  UpdateGroupDocument,
} from '../generated/graphql.js'
import { type Bubble, bubblesOf } from './bubbles.js'
import { connect, request } from './connection.js'
import { payloadOf } from './errors.js'
import { type Ask, LocalCopy, type LocalState } from './local-copy.js'
import type { Outbox } from './outbox.js'
import { Patience } from './patience.js'
import { type SendOptions, Session, type SessionOptions } from './session.js'
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
        const { conversation, messageEdge } = payloadOf(sendMessage)
        copy.add(conversation, messageEdge)
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
  send(conversationId: string, body: string, more: SendOptions = {}): Promise<string> {
    return this.session.send(conversationId, body, more)
  }

  /** Like all that follow, it throws a Refusal when the server says no, and the stream brings what came of it. */
  edit(messageId: string, body: string): Promise<void> {
    return this.#do(EditMessageDocument, { messageId, body }, (data) => data.editMessage)
  }

  delete(messageId: string, scope: DeleteScope): Promise<void> {
    return this.#do(DeleteMessageDocument, { messageId, scope }, (data) => data.deleteMessage)
  }

  react(messageId: string, emoji: string): Promise<void> {
    return this.#do(AddReactionDocument, { messageId, emoji }, (data) => data.addReaction)
  }

  unreact(messageId: string, emoji: string): Promise<void> {
    return this.#do(RemoveReactionDocument, { messageId, emoji }, (data) => data.removeReaction)
  }

  pin(messageId: string): Promise<void> {
    return this.#do(PinMessageDocument, { messageId }, (data) => data.pinMessage)
  }

  unpin(messageId: string): Promise<void> {
    return this.#do(UnpinMessageDocument, { messageId }, (data) => data.unpinMessage)
  }

  /** Of an urgent message: it was taken note of. */
  acknowledge(messageId: string): Promise<void> {
    return this.#do(AcknowledgeMessageDocument, { messageId }, (data) => data.acknowledgeMessage)
  }

  /** Everything that is here of a conversation has been seen; its unread mark goes. */
  async markRead(conversationId: string): Promise<void> {
    const { page, fields } = this.copy.conversation(conversationId) ?? {}
    // One that was never opened has its line alone.
    const newest = page?.edges.at(-1)?.node ?? fields?.lastMessage
    if (!newest || (newest.sequence <= (fields?.lastReadSequence ?? 0) && !fields?.isMarkedUnread)) return
    await this.#do(MarkReadDocument, { conversationId, upToMessageId: newest.id }, (data) => data.markRead)
  }

  /** So that one comes back to it later: nobody else sees it. */
  markUnread(conversationId: string): Promise<void> {
    return this.#do(MarkUnreadDocument, { conversationId }, (data) => data.markUnread)
  }

  archive(conversationId: string): Promise<void> {
    return this.#do(ArchiveConversationDocument, { conversationId }, (data) => data.archiveConversation)
  }

  unarchive(conversationId: string): Promise<void> {
    return this.#do(UnarchiveConversationDocument, { conversationId }, (data) => data.unarchiveConversation)
  }

  /** Until then, in ISO 8601; null unmutes. */
  mute(conversationId: string, until: string | null): Promise<void> {
    return this.#do(MuteConversationDocument, { conversationId, until }, (data) => data.muteConversation)
  }

  /** Of a group. */
  rename(conversationId: string, title: string): Promise<void> {
    return this.#do(UpdateGroupDocument, { conversationId, title }, (data) => data.updateGroup)
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

  async #do<Data, Input>(
    document: TypedDocumentNode<Data, { input: Input }>,
    input: Input,
    resultOf: (data: Data) => Parameters<typeof payloadOf>[0],
  ): Promise<void> {
    await this.patience.until(async () => payloadOf(resultOf(await this.ask(document, { input }))))
  }

  #fetch(fetch: () => Promise<void>): Promise<void> {
    return this.patience.until(() => this.session.follower.during(fetch))
  }
}
