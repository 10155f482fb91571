import type {
  ConversationFieldsFragment,
  DeliveryState,
  MessageFieldsFragment,
  ParticipantFieldsFragment,
} from '../generated/graphql.js'

const rank: Record<DeliveryState, number> = { SENT: 0, DELIVERED: 1, READ: 2 }

/**
 * How far a message has come: the least over the others who take part and could see it (in a group, who had joined), from
 * the positions that MessagesDelivered and MessagesRead tell of. It never falls behind what the server has said of it, who knows
 * of more (former stays; groups, where others' positions are not told). It stays as it is while not all who take part are
 * among these: the others may have read nothing.
 */
export function deliveryStateOf(
  message: Pick<MessageFieldsFragment, 'sequence' | 'sentAt' | 'deliveryState'>,
  senderId: string,
  participants: readonly Pick<
    ParticipantFieldsFragment,
    'user' | 'joinedAt' | 'lastDeliveredSequence' | 'lastReadSequence'
  >[],
  { kind, participantCount }: Pick<ConversationFieldsFragment, 'kind' | 'participantCount'>,
): DeliveryState {
  if (participants.length < participantCount) return message.deliveryState
  const others = participants.filter(
    ({ user, joinedAt }) => user.id !== senderId && (kind === 'DIRECT' || joinedAt <= message.sentAt),
  )
  const have = (position: 'lastDeliveredSequence' | 'lastReadSequence') =>
    others.length > 0 && others.every((other) => (other[position] ?? 0) >= message.sequence)
  const known = have('lastReadSequence') ? 'READ' : have('lastDeliveredSequence') ? 'DELIVERED' : 'SENT'
  return rank[known] > rank[message.deliveryState] ? known : message.deliveryState
}
