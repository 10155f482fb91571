import type { ConversationFieldsFragment, PresenceFieldsFragment } from '../generated/graphql.js'
import type { Message } from '../kit/page.js'

type SystemEventKind = NonNullable<Message['systemEvent']>['kind']

const systemWords: Partial<Record<SystemEventKind, string>> = {
  PARTICIPANT_JOINED: 'added',
  PARTICIPANT_LEFT: 'left',
  PARTICIPANT_REMOVED: 'removed',
  OWNER_CHANGED: 'made an owner of',
  TITLE_CHANGED: 'changed the title to',
  CONVERSATION_CLOSED: 'closed the conversation',
  CONVERSATION_REOPENED: 'reopened the conversation',
  HISTORY_IMPORTED: 'the history was imported',
}

const ticks = { SENT: '✓', DELIVERED: '✓✓', READ: '✓✓ read' }

export function titleOf({ title, otherParticipant }: ConversationFieldsFragment): string {
  return title ?? otherParticipant?.displayName ?? 'a conversation'
}

/** A line of the list. */
export function conversationLine(number: number, fields: ConversationFieldsFragment): string {
  const count = fields.unreadCount > 0 ? ` (${fields.unreadCount} unread)` : ''
  const unread = count === '' && fields.isMarkedUnread ? ' (unread)' : count
  const last = fields.lastMessage ? `: ${bodyOf(fields.lastMessage)}` : ''
  return `${number}. ${titleOf(fields)}${unread}${last.slice(0, 60)}`
}

/** A message; the number in front is what /reply, /edit and /delete take. */
export function messageLine(message: Message, viewerUserId: string): string {
  const { sequence, sentAt, sender, replyTo, deliveryState, editedAt, deletedAt } = message
  const isOwn = sender?.id === viewerUserId
  const who = isOwn ? 'me' : (sender?.displayName ?? '*')
  const quote = replyTo && deletedAt === null ? `“${bodyOf(replyTo).slice(0, 30)}” → ` : ''
  const edited = editedAt === null || deletedAt !== null ? '' : ' (edited)'
  return `[${sequence}] ${timeOf(sentAt)} ${who}: ${quote}${bodyOf(message)}${edited}${marksOf(message)}${isOwn ? ` ${ticks[deliveryState]}` : ''}`
}

/** What people have done with a message. */
export function marksOf({ priority, pinnedAt, reactions, acknowledgements }: Message): string {
  const names = acknowledgements.map(({ user }) => user.displayName).join(', ')
  const marks = [
    ...(priority === 'URGENT' ? ['urgent'] : []),
    ...(pinnedAt === null ? [] : ['pinned']),
    ...reactions.map(({ emoji, count }) => (count > 1 ? `${emoji} ${count}` : emoji)),
    ...(names === '' ? [] : [`acknowledged by ${names}`]),
  ]
  return marks.length === 0 ? '' : ` {${marks.join(', ')}}`
}

/** What is on its way, while there is no connection. */
export function waitingLine(body: string | null | undefined): string {
  return `… me: ${body ?? ''} (waits for a connection)`
}

export function receiptLine(message: Message): string {
  return `    ${ticks[message.deliveryState]} up to [${message.sequence}]`
}

export function presenceLine(name: string, presence: PresenceFieldsFragment): string {
  if (presence.isOnline) return `● ${name} is online`
  const seen = presence.lastSeenAt ? `, last seen ${timeOf(presence.lastSeenAt)}` : ''
  return `○ ${name} is offline${seen}`
}

/** As the clock on the wall shows it, with the day unless it is today. */
function timeOf(moment: string): string {
  const at = new Date(moment)
  const time = at.toTimeString().slice(0, 5)
  if (at.toDateString() === new Date().toDateString()) return time
  const [month, day] = [at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0'))
  return `${at.getFullYear()}-${month}-${day} ${time}`
}

function bodyOf(
  message: Pick<Message, 'body' | 'deletedAt'> & Partial<Pick<Message, 'systemEvent'>>,
): string {
  const { body, deletedAt, systemEvent } = message
  if (deletedAt !== null) return '(deleted)'
  if (!systemEvent) return body ?? '(this text can’t be read)'
  // A kind that is newer than this program still is an event.
  const { actor, kind, subject, text } = systemEvent
  const words = [
    actor?.displayName,
    systemWords[kind] ?? 'changed the conversation',
    subject?.displayName,
    text ?? undefined,
  ]
  return words.filter((word) => word !== undefined).join(' ')
}
