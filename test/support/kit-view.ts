import {
  OlderMessagesDocument,
  type OlderMessagesQuery,
  StartDocument,
  type StartQuery,
} from '../../examples/generated/graphql.js'
import { textOf } from '../../examples/kit/connection.js'
import type { Edge, Message, Participant } from '../../examples/kit/page.js'
import type { Person } from './person.js'

type Line = NonNullable<StartQuery['conversations']>['edges'][number]['node']

/** A conversation as a screen shows it. */
export interface ConversationView {
  readonly line: Pick<Line, 'id' | 'lastReadSequence' | 'isMarkedUnread'>
  readonly participants: readonly object[]
  readonly pins: readonly object[]
  readonly messages: readonly object[]
  /** Whether there is more before the first message. */
  readonly hasOlder: boolean
}

export interface View {
  readonly unread: number
  readonly unreadConversations: number
  readonly privacy: object
  readonly blocked: readonly string[]
  /** In the order of the list, archived ones among them. */
  readonly conversations: readonly ConversationView[]
}

/**
 * A conversation in the form in which copies are compared: without what updates do not tell of. That is, in a group, how far
 * the others have come, and so one's own messages; one's own position as a participant, which the line has; who else
 * acknowledged what somebody else sent; what people and quotes say beyond the fields named here; and for a former member all
 * but what is said, edited and deleted, and what their own devices do.
 */
export function viewOf(
  line: Omit<Line, 'messages' | 'participants' | 'pinnedMessages'>,
  participants: readonly Participant[],
  pins: readonly Message[],
  edges: readonly Edge[],
  hasOlder: boolean,
  userId: string,
): ConversationView {
  const { id, kind, title, closedAt, viewerCanSend, unreadCount, lastReadSequence } = line
  const { viewerCannotSendReasons, lastActivityAt, participantCount, lastMessage, otherParticipant } = line
  const { isMarkedUnread, archivedAt, mutedUntil } = line
  const isMember = participants.some(({ user }) => user.id === userId)
  const messageOf = ({
    deliveryState,
    sender,
    replyTo,
    reactions,
    pinnedAt,
    acknowledgements,
    ...message
  }: Message) => ({
    ...message,
    sender: sender?.id ?? null,
    replyTo: replyTo && { id: replyTo.id, body: replyTo.body, deletedAt: replyTo.deletedAt },
    ...(isMember ? { reactions, pinnedAt } : {}),
    acknowledgements: acknowledgements.filter(
      ({ user }) => user.id === userId || (isMember && sender?.id === userId),
    ),
    ...(kind === 'DIRECT' && sender?.id === userId ? { deliveryState } : {}),
  })
  const shown = {
    id,
    kind,
    viewerCanSend,
    unreadCount,
    isMarkedUnread,
    archivedAt,
    mutedUntil,
    lastReadSequence,
    lastActivityAt,
    participantCount,
    otherParticipant,
    lastMessage: lastMessage && messageOf(lastMessage),
    ...(isMember ? { title, closedAt, viewerCannotSendReasons: [...viewerCannotSendReasons].sort() } : {}),
  }
  return {
    line: shown,
    participants: participants
      .map(({ id: participantId, role, user, lastDeliveredSequence, lastReadSequence: read }) => {
        // Positions are told of the other person of a DIRECT conversation.
        const positions = kind === 'DIRECT' && user.id !== userId ? { lastDeliveredSequence, read } : {}
        return { participantId, role, user: user.externalId, ...positions }
      })
      .sort((a, b) => a.participantId.localeCompare(b.participantId)),
    pins: isMember ? pins.map(messageOf) : [],
    messages: edges.map(({ node }) => messageOf(node)),
    hasOlder,
  }
}

/** What a client that has just been installed shows: of each conversation, its newest messages. */
export async function freshView(person: Person): Promise<View> {
  const { viewer, conversations } = await person.must<StartQuery>(textOf(StartDocument))
  return viewFrom(viewer, conversations?.edges.map(({ node }) => node) ?? [])
}

/** The same with all of its history. */
export async function wholeView(person: Person): Promise<View> {
  const { viewer, conversations } = await person.must<StartQuery>(textOf(StartDocument))
  const whole = conversations?.edges.map(async ({ node }) => {
    if (!node.messages) return node
    const edges = await wholeHistory(person, node)
    const pageInfo = { ...node.messages.pageInfo, hasPreviousPage: false }
    return { ...node, messages: { ...node.messages, edges, pageInfo } }
  })
  return viewFrom(viewer, await Promise.all(whole ?? []))
}

function viewFrom(viewer: StartQuery['viewer'], nodes: readonly Line[]): View {
  return {
    unread: viewer.unreadCount,
    unreadConversations: viewer.unreadConversationCount,
    privacy: viewer.privacy,
    blocked: viewer.blockedUsers?.edges.map(({ node }) => node.id).sort() ?? [],
    conversations: nodes.map(({ messages, participants, pinnedMessages, ...line }) =>
      viewOf(
        line,
        participants?.edges.map(({ node }) => node) ?? [],
        pinnedMessages,
        messages?.edges ?? [],
        messages?.pageInfo.hasPreviousPage ?? false,
        viewer.user.id,
      ),
    ),
  }
}

async function wholeHistory(person: Person, { id, messages }: Line): Promise<Edge[]> {
  const edges = [...(messages?.edges ?? [])]
  for (let more = messages?.pageInfo.hasPreviousPage ?? false; more; ) {
    const { conversation } = await person.must<OlderMessagesQuery>(textOf(OlderMessagesDocument), {
      id,
      before: edges[0]?.cursor,
    })
    edges.unshift(...(conversation?.messages?.edges ?? []))
    more = conversation?.messages?.pageInfo.hasPreviousPage ?? false
  }
  return edges
}

/** As many as a client fetches at first. */
const pageSize = 25

/**
 * The newest so many messages of each conversation, as many as the other view has; and whether there are older ones. A view that
 * has fewer than a page stays unlike one that has more, but for those that were `hidden` after it was fetched: nothing takes their
 * place.
 */
export function cutTo(view: View, other: View, hidden = 0): View {
  return {
    ...view,
    conversations: view.conversations.map((conversation, index) => {
      const { messages } = conversation
      const count = Math.max(pageSize - hidden, other.conversations[index]?.messages.length ?? 0)
      const hasOlder = conversation.hasOlder || messages.length > count
      return { ...conversation, messages: messages.slice(-count), hasOlder }
    }),
  }
}
