import type { ApolloCache, Reference } from '@apollo/client'
import {
  type ConversationFieldsFragment,
  ConversationFieldsFragmentDoc,
  FirstPageFragmentDoc,
  type MessageFieldsFragment,
  MessageFieldsFragmentDoc,
  type ParticipantFieldsFragment,
  ParticipantFieldsFragmentDoc,
  PinsFieldsFragmentDoc,
  ViewerFieldsFragmentDoc,
} from '../generated/graphql.js'
import { deliveryStateOf } from '../kit/delivery-state.js'
import type { Update } from '../kit/follower.js'
import type { Edge } from '../kit/page.js'
import type { CachedConnection } from './cache.js'

/** Whose cache it is: the ids of their Viewer and User. */
export interface Self {
  readonly viewerId: string
  readonly userId: string
}

/** Takes an update in, so that watching queries see all of it at once. */
export function applyUpdate(cache: ApolloCache, update: Update, self: Self): void {
  cache.batch({ update: (batched) => apply(batched, update, self) })
}

/** Puts a message into its conversation; nothing where that was never opened. It may be there already. */
export function addMessage(cache: ApolloCache, conversationId: string, edge: Edge): void {
  writeMessage(cache, edge.node)
  addEdge(cache, cache.identify({ __typename: 'Conversation', id: conversationId }), 'messages', {
    __typename: edge.__typename,
    cursor: edge.cursor,
    node: { __ref: cache.identify(edge.node) ?? '' },
  })
}

function writeMessage(cache: ApolloCache, data: MessageFieldsFragment): void {
  cache.writeFragment({ fragment: MessageFieldsFragmentDoc, fragmentName: 'MessageFields', data })
}

/** So that the page that is written next takes the place of what is here, and is not united with it. */
export function forgetPage(cache: ApolloCache, conversationId: string): void {
  const id = cache.identify({ __typename: 'Conversation', id: conversationId })
  for (const fieldName of ['messages', 'participants', 'pinnedMessages']) cache.evict({ id, fieldName })
}

function apply(cache: ApolloCache, update: Update, self: Self): void {
  const { conversation, change, viewerUnreadCount } = update
  cache.modify({
    id: cache.identify({ __typename: 'Viewer', id: self.viewerId }),
    fields: { unreadCount: () => viewerUnreadCount },
  })
  if (change?.__typename === 'ViewerChanged') {
    const data = change.viewer
    cache.writeFragment({ fragment: ViewerFieldsFragmentDoc, fragmentName: 'ViewerFields', data })
  }
  if (!conversation) return
  cache.writeFragment({
    fragment: ConversationFieldsFragmentDoc,
    fragmentName: 'ConversationFields',
    data: conversation,
  })
  const id = cache.identify(conversation)
  addEdge(cache, undefined, 'conversations', {
    __typename: 'ConversationEdge',
    cursor: '',
    node: { __ref: id ?? '' },
  })
  switch (change?.__typename) {
    case 'MessageSent':
      addMessage(cache, conversation.id, change.edge)
      break
    case 'MessagePinned':
    case 'MessageUnpinned':
      cache.writeFragment({
        fragment: PinsFieldsFragmentDoc,
        fragmentName: 'PinsFields',
        data: change.message.conversation,
      })
      writeMessage(cache, change.message)
      break
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'ReactionAdded':
    case 'ReactionRemoved':
    case 'MessageAcknowledged':
      writeMessage(cache, change.message)
      break
    case 'MessageHidden':
      cache.evict({ id: cache.identify({ __typename: 'Message', id: change.messageId }) })
      break
    case 'ConversationOpened': {
      const data = change.conversation
      forgetPage(cache, data.id)
      cache.writeFragment({ fragment: FirstPageFragmentDoc, fragmentName: 'FirstPage', data })
      break
    }
    case 'MessagesDelivered':
    case 'MessagesRead':
    case 'ParticipantJoined':
    case 'ParticipantChanged':
    case 'ParticipantLeft':
      takePart(cache, conversation, change.participant, self)
  }
}

/** How somebody takes part now, and what that means for how far one's own messages have come. */
function takePart(
  cache: ApolloCache,
  conversation: ConversationFieldsFragment,
  participant: ParticipantFieldsFragment,
  self: Self,
): void {
  const id = cache.identify(conversation)
  cache.writeFragment({
    fragment: ParticipantFieldsFragmentDoc,
    fragmentName: 'ParticipantFields',
    data: participant,
  })
  const node = { __ref: cache.identify(participant) ?? '' }
  if (participant.leftAt === null) {
    addEdge(cache, id, 'participants', { __typename: 'ParticipantEdge', cursor: '', node })
  } else {
    const isSelf = participant.user.id === self.userId
    keepEdges(cache, id, 'participants', ({ __ref }) => !isSelf && __ref !== node.__ref)
  }
  const participants = nodesOf(cache, id, 'participants').flatMap((ref) => {
    const from = { id: ref.__ref, fragment: ParticipantFieldsFragmentDoc, fragmentName: 'ParticipantFields' }
    return cache.readFragment(from) ?? []
  })
  for (const ref of nodesOf(cache, id, 'messages')) {
    cache.modify<MessageFieldsFragment>({
      id: ref.__ref,
      fields: {
        deliveryState: (deliveryState, { readField }) => {
          const sender = readField('id', readField<Reference>('sender'))
          const [sequence, sentAt] = [readField<number>('sequence'), readField<string>('sentAt')]
          if (sender !== self.userId || sequence === undefined || sentAt === undefined) return deliveryState
          const message = { sequence, sentAt, deliveryState }
          return deliveryStateOf(message, self.userId, participants, conversation)
        },
      },
    })
  }
}

/** Connections of a conversation, or, without an id, of Query. Those that were never fetched stay so. */
function changeConnection(
  cache: ApolloCache,
  id: string | undefined,
  field: string,
  change: (existing: CachedConnection) => CachedConnection,
): void {
  // Lists that were searched for have a key of their own.
  const isWhole = (storeFieldName: string) => !storeFieldName.includes('"filter"')
  const isConnection = (value: unknown): value is CachedConnection =>
    typeof value === 'object' && value !== null && 'edges' in value
  cache.modify({
    ...(id === undefined ? {} : { id }),
    fields: {
      [field]: (existing, { storeFieldName }) =>
        isWhole(storeFieldName) && isConnection(existing) ? change(existing) : existing,
    },
  })
}

function addEdge(
  cache: ApolloCache,
  id: string | undefined,
  field: string,
  edge: CachedConnection['edges'][number],
): void {
  changeConnection(cache, id, field, (existing) =>
    existing.edges.some(({ node }) => node.__ref === edge.node.__ref)
      ? existing
      : { ...existing, edges: [...existing.edges, edge] },
  )
}

function keepEdges(
  cache: ApolloCache,
  id: string | undefined,
  field: string,
  isKept: (node: Reference) => boolean,
): void {
  changeConnection(cache, id, field, (existing) => ({
    ...existing,
    edges: existing.edges.filter(({ node }) => isKept(node)),
  }))
}

function nodesOf(cache: ApolloCache, id: string | undefined, field: string): Reference[] {
  const nodes: Reference[] = []
  changeConnection(cache, id, field, (existing) => {
    nodes.push(...existing.edges.map(({ node }) => node))
    return existing
  })
  return nodes
}
