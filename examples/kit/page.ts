import type {
  ConversationFieldsFragment,
  EdgeFieldsFragment,
  FirstPageFragment,
  MessageFieldsFragment,
  ParticipantFieldsFragment,
  PinsFieldsFragment,
} from '../generated/graphql.js'
import { deliveryStateOf } from './delivery-state.js'

export type Edge = EdgeFieldsFragment
export type Message = MessageFieldsFragment
export type Participant = ParticipantFieldsFragment

/** What is held of an open conversation: its newest messages without a gap, and who takes part. */
export interface Page {
  /** In order of sequence. */
  readonly edges: readonly Edge[]
  readonly hasOlder: boolean
  /** Current ones. */
  readonly participants: readonly Participant[]
  /** Newest pin first; also of messages that are older than the edges. */
  readonly pins: readonly Message[]
}

export function pageOf({ messages, participants, pinnedMessages }: FirstPageFragment): Page {
  return {
    pins: pinnedMessages,
    edges: messages?.edges ?? [],
    hasOlder: messages?.pageInfo.hasPreviousPage ?? false,
    participants: participants?.edges.map(({ node }) => node) ?? [],
  }
}

/** Adds edges, or replaces those that are there. */
export function withEdges(page: Page, added: readonly Edge[]): Page {
  const byId = new Map([...page.edges, ...added].map((edge) => [edge.node.id, edge]))
  return { ...page, edges: [...byId.values()].sort((a, b) => a.node.sequence - b.node.sequence) }
}

/** Puts in what a message says now, also where it is pinned and where others quote it. */
export function withMessage(page: Page, message: Message): Page {
  const { __typename, id, body, deletedAt, sender } = message
  const replaced = replaceMessages(page, (each) => {
    if (each.id === id) return message
    if (each.replyTo?.id === id) return { ...each, replyTo: { __typename, id, body, deletedAt, sender } }
    return each
  })
  // Deleted, it is pinned no more.
  return { ...replaced, pins: replaced.pins.filter(({ pinnedAt }) => pinnedAt !== null) }
}

/** Puts in a message that was pinned or is no longer, with all the pins that there are now. */
export function withPins(
  page: Page,
  { conversation, ...message }: Message & { readonly conversation: PinsFieldsFragment },
): Page {
  return { ...withMessage(page, message), pins: conversation.pinnedMessages }
}

/** Drops a message, and its pin. Those that quote it stay, without it. */
export function withoutMessage(page: Page, messageId: string): Page {
  const rest = {
    ...page,
    edges: page.edges.filter(({ node }) => node.id !== messageId),
    pins: page.pins.filter(({ id }) => id !== messageId),
  }
  return replaceMessages(rest, (each) => (each.replyTo?.id === messageId ? { ...each, replyTo: null } : each))
}

/** Puts in how somebody takes part now; whoever has left goes. Nobody is left for the viewer who has left. */
export function withParticipant(
  page: Page,
  participant: Participant,
  {
    viewerUserId,
    conversation,
  }: { readonly viewerUserId: string; readonly conversation: ConversationFieldsFragment },
): Page {
  const others = page.participants.filter(({ id }) => id !== participant.id)
  const hasLeft = participant.leftAt !== null
  if (hasLeft && participant.user.id === viewerUserId) return { ...page, participants: [] }
  const participants = hasLeft ? others : [...others, participant].sort(byRank)
  return replaceMessages({ ...page, participants }, (each) => {
    if (each.sender?.id !== viewerUserId) return each
    const deliveryState = deliveryStateOf(each, viewerUserId, participants, conversation)
    return deliveryState === each.deliveryState ? each : { ...each, deliveryState }
  })
}

/** Owners first, then by when they joined: as the server has them. */
export function byRank(a: Participant, b: Participant): number {
  return b.role.localeCompare(a.role) || a.joinedAt.localeCompare(b.joinedAt) || a.id.localeCompare(b.id)
}

/** Wherever they stand: also those that are pinned. */
function replaceMessages(page: Page, replace: (message: Message) => Message): Page {
  const edges = page.edges.map((edge) => {
    const node = replace(edge.node)
    return node === edge.node ? edge : { ...edge, node }
  })
  return { ...page, edges, pins: page.pins.map(replace) }
}
