import {
  OlderMessagesDocument,
  type OlderMessagesQuery,
  StartDocument,
  type StartQuery,
} from '../../examples/generated/graphql.js'
import { textOf } from '../../examples/kit/connection.js'
import type { Edge, Participant } from '../../examples/kit/page.js'
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

/** A conversation in the form in which copies are compared: without what updates do not tell of. */
export function viewOf(
  line: Omit<Line, 'messages' | 'participants'>,
  participants: readonly Participant[],
  edges: readonly Edge[],
  hasOlder: boolean,
  userId: string,
): ConversationView {
  const { id, kind, title, closedAt, viewerCanSend, unreadCount, lastReadSequence } = line
  const { viewerCannotSendReasons, lastActivityAt, participantCount, lastMessage } = line
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
    lastMessage: lastMessage?.id ?? null,
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
    messages: edges.map(({ node: { deliveryState, sender, replyTo, ...message } }) => ({
      ...message,
      sender: sender?.id ?? null,
      replyTo: replyTo && { id: replyTo.id, body: replyTo.body, deletedAt: replyTo.deletedAt },
      ...(kind === 'DIRECT' && sender?.id === userId ? { deliveryState } : {}),
    })),
    hasOlder,
  }
}

/** The same question with longer pages, so that one answer is mostly enough. */
const startWithMore = textOf(StartDocument).replace('messages(last: 25)', 'messages(last: 100)')

/** What a client that has just been installed would show, with all of its history. */
export async function freshView(person: Person): Promise<View> {
  const { viewer, conversations } = await person.must<StartQuery>(startWithMore)
  const nodes = conversations?.edges.map(({ node }) => node) ?? []
  const histories = await Promise.all(nodes.map((node) => wholeHistory(person, node)))
  return {
    unread: viewer.unreadCount,
    blocked: viewer.blockedUsers?.edges.map(({ node }) => node.id).sort() ?? [],
    conversations: nodes.map(({ messages: _, participants, ...line }, index) =>
      viewOf(
        line,
        participants?.edges.map(({ node }) => node) ?? [],
        histories[index] ?? [],
        false,
        viewer.user.id,
      ),
    ),
  }
}

/** What a copy that holds so many messages is to hold: the newest of each conversation. */
export function cutTo(fresh: View, held: View): View {
  return {
    ...fresh,
    conversations: fresh.conversations.map((conversation, index) => {
      const count = held.conversations[index]?.messages.length ?? 0
      const hasOlder = conversation.messages.length > count
      return { ...conversation, messages: count === 0 ? [] : conversation.messages.slice(-count), hasOlder }
    }),
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
