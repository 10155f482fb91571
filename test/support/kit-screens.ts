import { gql } from '@apollo/client'
import { answerOf } from '../../examples/apollo/copy.js'
import { followTyping, typingNotifier } from '../../examples/apollo/signals.js'
import {
  ConversationFieldsFragmentDoc,
  DeleteMessageDocument,
  type DeleteScope,
  EditMessageDocument,
  FirstPageFragmentDoc,
  MarkReadDocument,
  OlderMessagesDocument,
  StartDocument,
} from '../../examples/generated/graphql.js'
import { type Bubble, bubblesOf } from '../../examples/kit/bubbles.js'
import { payloadOf } from '../../examples/kit/errors.js'
import type { Outbox } from '../../examples/kit/outbox.js'
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
  send(conversationId: string, body: string, replyToId?: string): Promise<string>
  edit(messageId: string, body: string): Promise<unknown>
  delete(messageId: string, scope: DeleteScope): Promise<unknown>
  markRead(conversationId: string): Promise<unknown>
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
      blocked: kit.copy.viewer.blockedUsers?.edges.map(({ node }) => node.id).sort() ?? [],
      conversations: kit.copy.conversations.map(({ fields, page }) =>
        viewOf(fields, page?.participants ?? [], page?.edges ?? [], page?.hasOlder ?? false, person.id),
      ),
    }),
    bubbles: (conversationId) => kit.bubbles(conversationId),
    typists: (conversationId) => kit.signals.typists(conversationId).map(({ externalId }) => externalId),
    onChange: (listener) => {
      kit.copy.changes.subscribe(listener)
      kit.outbox.changes.subscribe(listener)
    },
    send: (conversationId, body, replyToId) =>
      kit.send(conversationId, body, replyToId === undefined ? {} : { replyToId }),
    edit: (messageId, body) => kit.edit(messageId, body),
    delete: (messageId, scope) => kit.delete(messageId, scope),
    markRead: (conversationId) => kit.markRead(conversationId),
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
        blocked: start.viewer.blockedUsers?.edges.map(({ node }) => node.id).sort() ?? [],
        conversations: (start.conversations?.edges ?? []).map(
          ({ node: { participants, messages, ...line } }) =>
            viewOf(
              line,
              participants?.edges.map(({ node }) => node) ?? [],
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
    send: (conversationId, body, replyToId) =>
      session.send(conversationId, body, replyToId === undefined ? {} : { replyToId }),
    edit: async (messageId, body) => {
      const input = { messageId, body }
      const answer = client.mutate({ mutation: EditMessageDocument, variables: { input } })
      payloadOf((await answerOf(answer)).editMessage)
    },
    delete: async (messageId, scope) => {
      const input = { messageId, scope }
      const answer = client.mutate({ mutation: DeleteMessageDocument, variables: { input } })
      payloadOf((await answerOf(answer)).deleteMessage)
    },
    markRead: async (conversationId) => {
      const newest = edgesOf(conversationId).at(-1)?.node
      const line = client.readFragment({
        id: `Conversation:${conversationId}`,
        fragment: ConversationFieldsFragmentDoc,
        fragmentName: 'ConversationFields',
      })
      const read = line?.lastReadSequence ?? 0
      if (!newest || newest.sequence <= read) return
      const input = { conversationId, upToMessageId: newest.id }
      const answer = client.mutate({ mutation: MarkReadDocument, variables: { input } })
      payloadOf((await answerOf(answer)).markRead)
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
