import { isUuid } from '../../platform/ids.js'
import { longestBody, textFault } from '../text.js'
import type { FoundPerson } from './people.js'
import type { ImportedMessage, Line, Named } from './records.js'

/** A message on its way in, its sender and its conversation found. */
export interface Incoming {
  readonly conversationId: string
  readonly senderId: string
  readonly clientMessageId: string
  readonly sentAt: Date
  readonly body: string
}

/** Finds whom and what a message names, and looks at its form; a string says what is wrong. */
export function look(
  { line, record }: Line<ImportedMessage>,
  people: Named<FoundPerson>,
  conversations: Named<string>,
): Incoming | string {
  const { clientMessageId, sentAt, body } = record
  const fault = textFault(body, longestBody)
  if (fault) return `body: ${fault}`
  if (!isUuid(clientMessageId)) return 'clientMessageId: not a UUID'
  // PostgreSQL has no year 0.
  if (sentAt.getUTCFullYear() < 1) return 'sentAt: it must be of our era'
  const conversationId = conversations.at(record.conversationExternalId, line)
  if (conversationId === undefined) return 'conversationExternalId: no earlier line names a conversation so'
  const sender = people.at(record.senderExternalId, line)
  if (!sender) return 'senderExternalId: nobody is called so'
  return { conversationId, senderId: sender.id, clientMessageId, sentAt, body }
}
