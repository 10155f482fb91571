import { gql, type OperationVariables, type TypedDocumentNode } from '@apollo/client'
import { answerOf } from '../../examples/apollo/copy.js'
import { followTyping, typingNotifier } from '../../examples/apollo/signals.js'
import {
  AcknowledgeMessageDocument,
  AddReactionDocument,
  ArchiveConversationDocument,
  ConversationFieldsFragmentDoc,
  DeleteMessageDocument,
  type DeleteScope,
  EditMessageDocument,
  FirstPageFragmentDoc,
  MarkReadDocument,
  MarkUnreadDocument,
  MuteConversationDocument,
  OlderMessagesDocument,
  PinMessageDocument,
  RemoveReactionDocument,
  StartDocument,
  UnarchiveConversationDocument,
  UnpinMessageDocument,
  UpdateGroupDocument,
} from '../../examples/generated/graphql.js'
import { type Bubble, bubblesOf } from '../../examples/kit/bubbles.js'
import { payloadOf } from '../../examples/kit/errors.js'
import type { Kit } from '../../examples/kit/kit.js'
import type { Outbox } from '../../examples/kit/outbox.js'
import type { SendOptions } from '../../examples/kit/session.js'
import type { TypingNotifier } from '../../examples/kit/typing-notifier.js'
import {
  type ApolloDevice,
  type Device,
  type DeviceOptions,
  openApolloDevice,
  openDevice,
} from './kit-device.js'
import type { Network } from './kit-network.js'
import { type View, viewOf } from './kit-view.js'
import type { Person } from './person.js'

type Verbs = Pick<
  Kit,
  | 'react'
  | 'unreact'
  | 'pin'
  | 'unpin'
  | 'acknowledge'
  | 'markUnread'
  | 'archive'
  | 'unarchive'
  | 'mute'
  | 'rename'
>

/** A device with either of the two clients, so that a test drives both alike. */
export interface Screen {
  readonly name: string
  readonly person: Person
  readonly network: Network
  readonly outbox: Outbox
  view(): View
  bubbles(conversationId: string): Bubble[]
  typists(conversationId: string): string[]
  /** Calls back whenever what is shown may have changed. */
  onChange(listener: () => void): void
  send(conversationId: string, body: string, more?: SendOptions): Promise<string>
  edit(messageId: string, body: string): Promise<unknown>
  delete(messageId: string, scope: DeleteScope): Promise<unknown>
  markRead(conversationId: string): Promise<unknown>
  /** The verbs that need nothing but an id and perhaps a word. */
  readonly do: Verbs
  type(conversationId: string, isTyping: boolean): void
  loadOlder(conversationId: string): Promise<unknown>
  close(): Promise<void>
}

/** A key, or the end of it, in the input field that each conversation has. */
function typing(open: (conversationId: string) => TypingNotifier): Screen['type'] {
  const notifiers = new Map<string, TypingNotifier>()
  return (conversationId, isTyping) => {
    const notifier = notifiers.get(conversationId) ?? open(conversationId)
    notifiers.set(conversationId, notifier)
    if (isTyping) notifier.keystroke()
    else notifier.stop()
  }
}

export async function openKitScreen(person: Person, options: DeviceOptions = {}): Promise<Screen> {
  const device: Device = await openDevice(person, options)
  const { kit, network } = device
  kit.signals.followTyping()
  return {
    name: `${person.externalId}'s kit`,
    person,
    network,
    outbox: kit.outbox,
    view: () => ({
      unread: kit.copy.viewer.unreadCount,
      unreadConversations: kit.copy.viewer.unreadConversationCount,
      privacy: kit.copy.viewer.privacy,
      blocked: kit.copy.viewer.blockedUsers?.edges.map(({ node }) => node.id).sort() ?? [],
      conversations: kit.copy.all.map(({ fields, page }) =>
        viewOf(
          fields,
          page?.participants ?? [],
          page?.pins ?? [],
          page?.edges ?? [],
          page?.hasOlder ?? false,
          person.id,
        ),
      ),
    }),
    bubbles: (conversationId) => kit.bubbles(conversationId),
    typists: (conversationId) => kit.signals.typists(conversationId).map(({ externalId }) => externalId),
    onChange: (listener) => {
      kit.copy.changes.subscribe(listener)
      kit.outbox.changes.subscribe(listener)
    },
    send: (conversationId, body, more) => kit.send(conversationId, body, more),
    edit: (messageId, body) => kit.edit(messageId, body),
    delete: (messageId, scope) => kit.delete(messageId, scope),
    markRead: (conversationId) => kit.markRead(conversationId),
    do: kit,
    type: typing((conversationId) => kit.typingNotifier(conversationId)),
    loadOlder: (conversationId) => kit.loadOlder(conversationId),
    close: () => kit.close(),
  }
}

const typistsFragment = gql`fragment Typists on Conversation { typists { externalId } }`

export async function openApolloScreen(person: Person, options: DeviceOptions = {}): Promise<Screen> {
  const { apollo, network }: ApolloDevice = await openApolloDevice(person, options)
  const { client, session, socket } = apollo
  const stopTyping = followTyping(client, socket)
  const pageOf = (conversationId: string) =>
    client.readFragment({
      id: `Conversation:${conversationId}`,
      fragment: FirstPageFragmentDoc,
      fragmentName: 'FirstPage',
    })
  const mutate = async <Data, Input>(
    mutation: TypedDocumentNode<Data, { input: Input }>,
    input: Input,
    resultOf: (data: Data) => Parameters<typeof payloadOf>[0],
  ): Promise<void> => {
    const answer = client.mutate<Data, OperationVariables>({ mutation, variables: { input } })
    payloadOf(resultOf(await answerOf(answer)))
  }
  const edgesOf = (conversationId: string) => pageOf(conversationId)?.messages?.edges ?? []
  return {
    name: `${person.externalId}'s Apollo`,
    person,
    network,
    outbox: session.outbox,
    view: () => {
      const start = client.readQuery({ query: StartDocument })
      if (!start) throw new Error(`${person.externalId}'s cache lacks something`)
      return {
        unread: start.viewer.unreadCount,
        unreadConversations: start.viewer.unreadConversationCount,
        privacy: start.viewer.privacy,
        blocked: start.viewer.blockedUsers?.edges.map(({ node }) => node.id).sort() ?? [],
        conversations: (start.conversations?.edges ?? []).map(
          ({ node: { participants, messages, pinnedMessages, ...line } }) =>
            viewOf(
              line,
              participants?.edges.map(({ node }) => node) ?? [],
              pinnedMessages,
              messages?.edges ?? [],
              messages?.pageInfo.hasPreviousPage ?? false,
              person.id,
            ),
        ),
      }
    },
    bubbles: (conversationId) => bubblesOf(conversationId, edgesOf(conversationId), session.outbox.waiting),
    typists: (conversationId) => {
      const found = client.readFragment<{ typists: { externalId: string }[] }>({
        id: `Conversation:${conversationId}`,
        fragment: typistsFragment,
      })
      return found?.typists.map(({ externalId }) => externalId) ?? []
    },
    onChange: (listener) => {
      client.watchQuery({ query: StartDocument, fetchPolicy: 'cache-only' }).subscribe(listener)
      session.outbox.changes.subscribe(listener)
    },
    send: (conversationId, body, more) => session.send(conversationId, body, more),
    edit: (messageId, body) => mutate(EditMessageDocument, { messageId, body }, (data) => data.editMessage),
    delete: (messageId, scope) =>
      mutate(DeleteMessageDocument, { messageId, scope }, (data) => data.deleteMessage),
    do: {
      react: (messageId, emoji) =>
        mutate(AddReactionDocument, { messageId, emoji }, (data) => data.addReaction),
      unreact: (messageId, emoji) =>
        mutate(RemoveReactionDocument, { messageId, emoji }, (data) => data.removeReaction),
      pin: (messageId) => mutate(PinMessageDocument, { messageId }, (data) => data.pinMessage),
      unpin: (messageId) => mutate(UnpinMessageDocument, { messageId }, (data) => data.unpinMessage),
      acknowledge: (messageId) =>
        mutate(AcknowledgeMessageDocument, { messageId }, (data) => data.acknowledgeMessage),
      markUnread: (conversationId) =>
        mutate(MarkUnreadDocument, { conversationId }, (data) => data.markUnread),
      archive: (conversationId) =>
        mutate(ArchiveConversationDocument, { conversationId }, (data) => data.archiveConversation),
      unarchive: (conversationId) =>
        mutate(UnarchiveConversationDocument, { conversationId }, (data) => data.unarchiveConversation),
      mute: (conversationId, until) =>
        mutate(MuteConversationDocument, { conversationId, until }, (data) => data.muteConversation),
      rename: (conversationId, title) =>
        mutate(UpdateGroupDocument, { conversationId, title }, (data) => data.updateGroup),
    },
    markRead: async (conversationId) => {
      const newest = edgesOf(conversationId).at(-1)?.node
      const line = client.readFragment({
        id: `Conversation:${conversationId}`,
        fragment: ConversationFieldsFragmentDoc,
        fragmentName: 'ConversationFields',
      })
      const read = line?.lastReadSequence ?? 0
      if (!newest || (newest.sequence <= read && !line?.isMarkedUnread)) return
      await mutate(MarkReadDocument, { conversationId, upToMessageId: newest.id }, (data) => data.markRead)
    },
    type: typing((conversationId) => typingNotifier(socket, conversationId, 3)),
    loadOlder: (conversationId) =>
      client.query({
        query: OlderMessagesDocument,
        variables: { id: conversationId, before: edgesOf(conversationId)[0]?.cursor ?? '' },
        fetchPolicy: 'network-only',
      }),
    close: async () => {
      stopTyping()
      await session.close()
    },
  }
}
