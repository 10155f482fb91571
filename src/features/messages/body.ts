import { InvalidInputError } from '../../errors.js'
import type { Place } from '../../platform/crypto/envelope.js'
import type { VerbContext } from '../context.js'
import { longestBody, textFault } from '../text.js'
import type { MessageRow } from './rows.js'

/** Throws InvalidInputError at `body` unless it is text of 1 to 5,000 code points that is not only white space. */
export function checkBody(body: string | null | undefined): asserts body is string {
  const fault = body === null || body === undefined ? 'Say something.' : textFault(body, longestBody)
  if (fault) throw InvalidInputError.at('body', fault)
}

/** Where a message's body is sealed; a former text lies in message_revisions under the same place. */
export function bodyPlace(message: Pick<MessageRow, 'id' | 'conversationId'>, revision: number): Place {
  return {
    table: 'messages',
    column: 'body',
    rowId: message.id,
    conversationId: message.conversationId,
    revision,
  }
}

/** Where what a SYSTEM message says, a group's new title, is sealed. It is never edited. */
export function eventTextPlace(message: Pick<MessageRow, 'id' | 'conversationId'>): Place {
  return {
    table: 'messages',
    column: 'event_text',
    rowId: message.id,
    conversationId: message.conversationId,
    revision: 0,
  }
}

const opened = new WeakMap<MessageRow, Promise<string | null>>()

/** The text of a message; null once deleted and for SYSTEM. Opened once per row however many people read it. */
export function bodyOf(ctx: Pick<VerbContext, 'vault'>, message: MessageRow): Promise<string | null> {
  const known = opened.get(message)
  if (known) return known
  const sealed = message.deletedAt === null ? message.bodySealed : null
  const body =
    sealed === null ? Promise.resolve(null) : ctx.vault.open(bodyPlace(message, message.revision), sealed)
  opened.set(message, body)
  return body
}
