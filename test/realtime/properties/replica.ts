import type { Person } from '../../support/person.js'

/**
 * What a client keeps without ever asking again, because the stream maintains it. This is the one list: the copy that is
 * built from updates and the copy that is fetched hold these fields and are compared in all of them.
 */
const conversationFields = `fragment C on Conversation {
  id kind title closedAt viewerCanSend viewerCannotSendReasons }`
const messageFields = `fragment M on Message {
  id sequence kind body sentAt editedAt deletedAt clientMessageId deletedBy { id } sender { id } replyTo { id }
  revisions { body } systemEvent { kind actor { id } subject { id } } }`
const participantFields = `fragment P on Participant {
  id role leftAt lastDeliveredSequence lastReadSequence user { id } }`

interface ConversationState {
  readonly id: string
  readonly kind: string
  readonly title: string | null
  readonly closedAt: string | null
  readonly viewerCanSend: boolean
  readonly viewerCannotSendReasons: string[]
}
interface Message {
  readonly id: string
  readonly sequence: number
  readonly replyTo: { readonly id: string } | null
  readonly [field: string]: unknown
}
interface Participant {
  readonly id: string
  readonly role: string
  readonly leftAt: string | null
  readonly lastDeliveredSequence: number | null
  readonly lastReadSequence: number | null
  readonly user: { readonly id: string }
}
interface Edges<Node> {
  readonly edges: { readonly node: Node }[]
}

export const updatesDocument = `subscription ($after: String) { updates(after: $after) {
    cursor conversationUnreadCount viewerUnreadCount conversation { ...C }
    change { __typename
      ... on MessageSent { message { ...M } } ... on MessageEdited { message { ...M } } ... on MessageDeleted { message { ...M } }
      ... on MessageHidden { messageId }
      ... on ConversationOpened { conversation { participants(first: 100) { edges { node { ...P } } } } }
      ... on MessagesDelivered { participant { ...P } } ... on MessagesRead { participant { ...P } upToSequence }
      ... on ParticipantJoined { participant { ...P } } ... on ParticipantChanged { participant { ...P } }
      ... on ParticipantLeft { participant { ...P } }
      ... on ViewerChanged { viewer { blockedUsers(first: 100) { edges { node { id } } } } } } } }
  ${conversationFields} ${messageFields} ${participantFields}`

const fetchDocument = `{
  viewer { updateCursor unreadCount unreadConversationCount blockedUsers(first: 100) { edges { node { id } } } }
  conversations(first: 30) { edges { node { ...C unreadCount lastReadSequence lastMessage { id }
    participants(first: 100) { edges { node { ...P } } }
    messages(first: 100) { edges { node { ...M } } pageInfo { hasNextPage } } } } } }
  ${conversationFields} ${messageFields} ${participantFields}`

export interface Update {
  readonly cursor: string
  readonly conversationUnreadCount: number | null
  readonly viewerUnreadCount: number
  readonly conversation: ConversationState | null
  readonly change:
    | null
    | { readonly __typename: 'MessageSent' | 'MessageEdited' | 'MessageDeleted'; readonly message: Message }
    | { readonly __typename: 'MessageHidden'; readonly messageId: string }
    | {
        readonly __typename: 'ConversationOpened'
        readonly conversation: { readonly participants: Edges<Participant> }
      }
    | {
        readonly __typename:
          | 'ParticipantJoined'
          | 'ParticipantChanged'
          | 'ParticipantLeft'
          | 'MessagesDelivered'
        readonly participant: Participant
      }
    | {
        readonly __typename: 'MessagesRead'
        readonly participant: Participant
        readonly upToSequence: number
      }
    | {
        readonly __typename: 'ViewerChanged'
        readonly viewer: { readonly blockedUsers: Edges<{ id: string }> }
      }
    | { readonly __typename: 'CaughtUp' | 'StreamReset' | 'ConversationChanged' }
}

interface Fetched {
  readonly viewer: {
    readonly updateCursor: string
    readonly unreadCount: number
    readonly unreadConversationCount: number
    readonly blockedUsers: Edges<{ readonly id: string }>
  }
  readonly conversations: Edges<
    ConversationState & {
      readonly unreadCount: number
      readonly lastReadSequence: number | null
      readonly lastMessage: { readonly id: string } | null
      readonly participants: Edges<Participant>
      readonly messages: Edges<Message> & { readonly pageInfo: { readonly hasNextPage: boolean } }
    }
  >
}

interface LocalConversation {
  state: ConversationState
  unread: number
  lastRead: number | null
  participants: Map<string, Participant>
  messages: Map<string, Message>
}

const nodes = <Node>({ edges }: Edges<Node>): Node[] => edges.map(({ node }) => node)

/** Everything of a viewer's at once, and the cursor to follow from. */
export async function fetchAll(
  person: Person,
): Promise<{ replica: Replica; unreadConversations: number; lastMessageIds: object }> {
  const { viewer, conversations } = await person.must<Fetched>(fetchDocument)
  const replica = new Replica(person.id, viewer.updateCursor)
  replica.viewerUnread = viewer.unreadCount
  replica.blocked = nodes(viewer.blockedUsers).map(({ id }) => id)
  for (const node of nodes(conversations)) {
    const { unreadCount, lastReadSequence, lastMessage: _, participants, messages, ...state } = node
    if (messages.pageInfo.hasNextPage) throw new Error('more messages than a replica fetches at once')
    replica.conversations.set(state.id, {
      state,
      unread: unreadCount,
      lastRead: lastReadSequence,
      participants: new Map(nodes(participants).map((participant) => [participant.id, participant])),
      messages: new Map(nodes(messages).map((message) => [message.id, message])),
    })
  }
  const lastMessageIds = Object.fromEntries(
    nodes(conversations).map(({ id, lastMessage }) => [id, lastMessage?.id ?? null]),
  )
  return { replica, unreadConversations: viewer.unreadConversationCount, lastMessageIds }
}

/** One device's local copy. */
export class Replica {
  viewerUnread = 0
  blocked: string[] = []
  readonly conversations = new Map<string, LocalConversation>()

  constructor(
    private readonly userId: string,
    public cursor: string,
  ) {}

  apply({ cursor, conversation: state, conversationUnreadCount, viewerUnreadCount, change }: Update): void {
    this.cursor = cursor
    this.viewerUnread = viewerUnreadCount
    if (change?.__typename === 'ViewerChanged')
      this.blocked = nodes(change.viewer.blockedUsers).map(({ id }) => id)
    if (!state) return
    const local = this.conversations.get(state.id) ?? {
      state,
      unread: 0,
      lastRead: null,
      participants: new Map(),
      messages: new Map(),
    }
    this.conversations.set(state.id, local)
    local.state = state
    local.unread = conversationUnreadCount ?? local.unread
    switch (change?.__typename) {
      case 'MessageSent':
      case 'MessageEdited':
      case 'MessageDeleted':
        local.messages.set(change.message.id, change.message)
        break
      case 'MessageHidden':
        local.messages.delete(change.messageId)
        break
      case 'ConversationOpened':
        local.participants = new Map(nodes(change.conversation.participants).map((each) => [each.id, each]))
        break
      case 'MessagesRead':
        if (change.participant.user.id === this.userId)
          local.lastRead = Math.max(local.lastRead ?? 0, change.upToSequence)
        local.participants.set(change.participant.id, change.participant)
        break
      case 'ParticipantLeft':
        if (change.participant.user.id === this.userId && change.participant.leftAt !== null)
          local.participants.clear()
        else local.participants.set(change.participant.id, change.participant)
        break
      case 'MessagesDelivered':
      case 'ParticipantJoined':
      case 'ParticipantChanged':
        local.participants.set(change.participant.id, change.participant)
    }
  }

  /** What is compared. Watermarks are told of the other person of a DIRECT conversation; former members are told no state. */
  view(): object {
    const conversations = [...this.conversations.values()].map(
      ({ state, unread, lastRead, participants, messages }) => {
        const current = [...participants.values()].filter(({ leftAt }) => leftAt === null)
        const isMember = current.some(({ user }) => user.id === this.userId)
        const { id, kind, title, viewerCanSend } = state
        return {
          ...(isMember ? state : { id, kind, title, viewerCanSend }),
          unread,
          lastRead,
          participants: (isMember ? current : [])
            .map((each) => {
              const { id: participantId, role, user, lastDeliveredSequence, lastReadSequence } = each
              const isTold = kind === 'DIRECT' && user.id !== this.userId
              return {
                id: participantId,
                role,
                user,
                ...(isTold ? { lastDeliveredSequence, lastReadSequence } : {}),
              }
            })
            .sort((a, b) => a.id.localeCompare(b.id)),
          messages: [...messages.values()]
            .sort((a, b) => a.sequence - b.sequence)
            // What a message answers is shown while it is there to be shown.
            .map((message) => ({
              ...message,
              replyTo: message.replyTo && messages.has(message.replyTo.id) ? message.replyTo : null,
            })),
        }
      },
    )
    return {
      unread: this.viewerUnread,
      unreadConversations: conversations.filter(({ unread }) => unread > 0).length,
      blocked: [...this.blocked].sort(),
      conversations: conversations.sort((a, b) => a.id.localeCompare(b.id)),
    }
  }

  /** By conversation, the newest message that the copy holds. */
  lastMessageIds(): object {
    return Object.fromEntries(
      [...this.conversations.values()].map(({ state, messages }) => {
        const newest = [...messages.values()].sort((a, b) => b.sequence - a.sequence)[0]
        return [state.id, newest?.id ?? null]
      }),
    )
  }
}
