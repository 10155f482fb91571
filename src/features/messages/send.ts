import {
  CannotSendError,
  ConflictError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
  UnauthenticatedError,
} from '../../errors.js'
import { NoKeyError } from '../../platform/crypto/vault.js'
import type { MessagePriority } from '../../platform/db/types.js'
import { newId } from '../../platform/ids.js'
import type { VerbContext } from '../context.js'
import { markRead } from '../receipts/mark-read.js'
import { bodyPlace, checkBody } from './body.js'
import { firstBodyOf, firstMentionsOf, ownMessage } from './originals.js'
import type { MessageRow } from './rows.js'

export interface SendMessageInput {
  readonly conversationId: string
  readonly clientMessageId: string
  readonly body: string | null | undefined
  readonly replyToId?: string | null | undefined
  readonly readUpToMessageId?: string | null | undefined
  readonly mentionIds?: readonly string[] | null | undefined
  readonly priority?: MessagePriority | undefined
  /** For what was said elsewhere before; not a client's to give. */
  readonly sentAt?: Date
}

export interface SentMessage {
  readonly message: MessageRow
  readonly replayed: boolean
}

/**
 * Sends a message, once for ever per sender, conversation and clientMessageId: a repetition answers with the original,
 * even after its sender left; with other content it is a ConflictError. Concurrent sends share a transaction; those of
 * one connection into one conversation commit in the order of their tickets.
 */
export async function sendMessage(ctx: VerbContext, given: SendMessageInput): Promise<SentMessage> {
  checkBody(given.body)
  const input = { ...given, body: given.body, mentionIds: distinctMentions(given.mentionIds ?? []) }
  const id = newId()
  const place = bodyPlace({ id, conversationId: input.conversationId }, 0)
  const bodySealed = await ctx.vault.seal(place, input.body).catch((error: unknown) => {
    // No key, no conversation.
    throw error instanceof NoKeyError ? new NotFoundError() : error
  })
  await ctx.ticket?.arrive()
  const sending = ctx.sends.send({
    id,
    conversationId: input.conversationId,
    senderId: ctx.viewer.id,
    clientMessageId: input.clientMessageId,
    bodySealed,
    replyToId: input.replyToId ?? null,
    readUpToId: input.readUpToMessageId ?? null,
    mentionIds: input.mentionIds,
    priority: input.priority ?? 'ROUTINE',
    sentAt: input.sentAt ?? null,
    requestId: ctx.requestId,
    address: ctx.address,
  })
  ctx.ticket?.release()
  const answer = await sending
  switch (answer.outcome) {
    case 'SENT':
      ctx.typing.endIfKnown({
        conversationId: input.conversationId,
        userId: ctx.viewer.id,
        deviceId: null,
      })
      return { message: freshRow(ctx, input, bodySealed, answer), replayed: false }
    case 'REPLAYED':
      return replay(ctx, input, answer.messageId, answer.messageId === id)
    case 'CANNOT_SEND':
      throw new CannotSendError(answer.reasons)
    case 'RATE_LIMITED':
      throw new RateLimitedError(
        answer.retryAfterSeconds,
        'Only three messages an hour may be urgent. It can be sent as a routine one now.',
      )
    case 'NOT_FOUND':
      throw new NotFoundError()
    case 'UNAUTHENTICATED':
      throw new UnauthenticatedError('This account is not active.', true)
  }
}

/** People whom one message may mention. */
export const mostMentions = 50
/** As send_messages_v2 has it. */
export const urgentPerHour = 3

/** Each person once, in a fixed order. Throws InvalidInputError for too many. */
function distinctMentions(mentionIds: readonly string[]): string[] {
  if (mentionIds.length > mostMentions)
    throw InvalidInputError.at('mentionIds', `Mention at most ${mostMentions} people.`)
  return [...new Set(mentionIds)].sort()
}

/** `isOwn`: the first attempt of this very call had committed, and only its answer was lost. */
async function replay(
  ctx: VerbContext,
  input: SendMessageInput,
  originalId: string,
  isOwn: boolean,
): Promise<SentMessage> {
  const message = await ownMessage(ctx, originalId)
  if (isOwn) return { message, replayed: false }
  if (message.deletedAt === null) {
    const isSame =
      message.replyToId === (input.replyToId ?? null) &&
      message.priority === (input.priority ?? 'ROUTINE') &&
      (await firstMentionsOf(ctx, message)).join() === (input.mentionIds ?? []).join() &&
      (await firstBodyOf(ctx, message)) === input.body
    if (!isSame) throw new ConflictError('This clientMessageId was used before for another message.')
  }
  if (input.readUpToMessageId) {
    // What was read may be gone for them by now; the message has been said all the same.
    await markRead(ctx, input.conversationId, input.readUpToMessageId).catch((error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error
    })
  }
  return { message, replayed: true }
}

function freshRow(
  ctx: VerbContext,
  input: SendMessageInput,
  bodySealed: Buffer,
  sent: { messageId: string; sequence: number; sentAt: Date },
): MessageRow {
  return {
    id: sent.messageId,
    conversationId: input.conversationId,
    sequence: sent.sequence,
    senderId: ctx.viewer.id,
    kind: 'TEXT',
    clientMessageId: input.clientMessageId,
    bodySealed,
    revision: 0,
    priority: input.priority ?? 'ROUTINE',
    replyToId: input.replyToId ?? null,
    sentAt: sent.sentAt,
    editedAt: null,
    deletedAt: null,
    deletedById: null,
    eventKind: null,
    eventActorId: null,
    eventSubjectId: null,
    eventTextSealed: null,
    pinnedAt: null,
    mentionCount: input.mentionIds?.length ?? 0,
    reactionCount: 0,
    isImported: false,
  }
}
