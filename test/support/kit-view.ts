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
  readonly line: Pick<Line, 'id' | 'lastReadSequence'>
  readonly participants: readonly object[]
  readonly messages: readonly object[]
  /** Whether there is more before the first message. */
  readonly hasOlder: boolean
}

export interface View {
  readonly unread: number
  readonly blocked: readonly string[]
  /** In the order of the list. */
  readonly conversations: readonly ConversationView[]
}

/**
 * A conversation in the form in which copies are compared: without what updates do not tell of. That is, in a group, how far
 * the others have come, and so one's own messages; one's own position as a participant, which the line has; and what
 * people and quotes say beyond the fields named here.
 */
export function viewOf(
  line: Omit<Line, 'messages' | 'participants'>,
  participants: readonly Participant[],
  edges: readonly Edge[],
  hasOlder: boolean,
  userId: string,
): ConversationView {
  const { id, kind, title, closedAt, viewerCanSend, unreadCount, lastReadSequence } = line
  const { viewerCannotSendReasons, lastActivityAt, participantCount, lastMessage, otherParticipant } = line
  const messageOf = ({ deliveryState, sender, replyTo, ...message }: Message) => ({
    ...message,
    sender: sender?.id ?? null,
    replyTo: replyTo && { id: replyTo.id, body: replyTo.body, deletedAt: replyTo.deletedAt },
    ...(kind === 'DIRECT' && sender?.id === userId ? { deliveryState } : {}),
  })
  const shown = {
    id,
    kind,
    title,
    closedAt,
    viewerCanSend,
    viewerCannotSendReasons: [...viewerCannotSendReasons].sort(),
    unreadCount,
    lastReadSequence,
    lastActivityAt,
    participantCount,
    otherParticipant,
    lastMessage: lastMessage && messageOf(lastMessage),
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
    blocked: viewer.blockedUsers?.edges.map(({ node }) => node.id).sort() ?? [],
    conversations: nodes.map(({ messages, participants, ...line }) =>
      viewOf(
        line,
        participants?.edges.map(({ node }) => node) ?? [],
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
