import { NoKeyError } from '../../platform/crypto/vault.js'
import { newId } from '../../platform/ids.js'
import { bodyPlace } from '../messages/body.js'
import type { ImportContext } from './context.js'
import { appendHistory, type History, lockHistories } from './histories.js'
import type { Incoming } from './incoming.js'
import { added, refused, type Verdict } from './records.js'

/** A message with its id, sealed. */
export interface Sealed extends Incoming {
  readonly id: string
  readonly bodySealed: Buffer
}

/** Writes in their order those messages that their conversations take, in one transaction. */
export async function writeMessages(
  ctx: ImportContext,
  messages: readonly Incoming[],
): Promise<Map<Incoming, Verdict>> {
  if (messages.length === 0) return new Map()
  await ctx.vault.prepare(messages.map((message) => message.conversationId))
  const sealed = new Map<Incoming, Sealed>()
  for (const message of messages) {
    const one = await seal(ctx, message)
    if (one) sealed.set(message, one)
  }
  return ctx.db.transaction(async (tx) => {
    const histories = await lockHistories(tx, new Set(messages.map((message) => message.conversationId)))
    const verdicts = new Map<Incoming, Verdict>()
    const taken: Sealed[] = []
    for (const message of messages) {
      const one = sealed.get(message)
      const history = histories.get(message.conversationId)
      const fault = one && history ? faultOf(message, history) : 'the key of its conversation is gone'
      verdicts.set(message, fault === null ? added : refused(fault))
      if (fault !== null || !one || !history) continue
      history.lastSentAt = message.sentAt
      taken.push(one)
    }
    if (taken.length > 0) await appendHistory(tx, taken, ctx.requestId)
    return verdicts
  })
}

async function seal(ctx: Pick<ImportContext, 'vault'>, message: Incoming): Promise<Sealed | null> {
  const id = newId()
  try {
    const place = bodyPlace({ id, conversationId: message.conversationId }, 0)
    return { ...message, id, bodySealed: await ctx.vault.seal(place, message.body) }
  } catch (error) {
    if (error instanceof NoKeyError) return null
    throw error
  }
}

function faultOf(message: Incoming, history: History): string | null {
  if (!history.isImporting)
    return history.wasImported
      ? 'its conversation was imported before, and takes no more'
      : 'its conversation holds messages that were not imported'
  if (history.hasOthers) return 'something else was written into its conversation since the import began'
  if (!history.participantIds.has(message.senderId))
    return 'senderExternalId: this person does not take part in the conversation'
  if (message.sentAt > history.now) return 'sentAt: it lies in the future'
  if (history.lastSentAt !== null && message.sentAt < history.lastSentAt)
    return 'sentAt: it lies before the message before it'
  return null
}
