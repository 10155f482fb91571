import type {
  ConversationKind,
  DeliveryState,
  MessageFieldsFragment,
  ParticipantFieldsFragment,
} from '../generated/graphql.js'

const rank: Record<DeliveryState, number> = { SENT: 0, DELIVERED: 1, READ: 2 }

/**
 * How far a message has come: the least over the others who take part and could see it (in a group, who had joined), from
 * the positions that MessagesDelivered and MessagesRead tell of. It never falls behind what the server has said of it, who knows of more
 * (former stays, groups over 32, where positions are not told).
 */
export function deliveryStateOf(
  message: Pick<MessageFieldsFragment, 'sequence' | 'sentAt' | 'sender' | 'deliveryState'>,
  participants: readonly Pick<
    ParticipantFieldsFragment,
    'user' | 'joinedAt' | 'lastDeliveredSequence' | 'lastReadSequence'
  >[],
  kind: ConversationKind,
): DeliveryState {
  const others = participants.filter(
    ({ user, joinedAt }) =>
      user.id !== message.sender?.id && (kind === 'DIRECT' || joinedAt <= message.sentAt),
  )
  const have = (position: 'lastDeliveredSequence' | 'lastReadSequence') =>
    others.length > 0 && others.every((other) => (other[position] ?? 0) >= message.sequence)
  const known = have('lastReadSequence') ? 'READ' : have('lastDeliveredSequence') ? 'DELIVERED' : 'SENT'
  return rank[known] > rank[message.deliveryState] ? known : message.deliveryState
}
