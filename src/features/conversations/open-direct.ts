import { CannotSendError, InvalidInputError, NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import { newId } from '../../platform/ids.js'
import { recordingRefusals } from '../audit/refusals.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { userIdOf, visibleUsersById } from '../people/read.js'
import { appendUpdates } from '../stream/append.js'
import { isStranger } from './policy.js'

export interface OpenConversationInput {
  readonly userId?: string | null | undefined
  readonly externalUserId?: string | null | undefined
}

/**
 * Gets or creates the DIRECT conversation of a patient and a doctor. An existing one comes back whatever their
 * relationship is now. Throws InvalidInputError, NotFoundError, CannotSendError.
 */
export async function openDirectConversation(
  ctx: VerbContext,
  input: OpenConversationInput,
): Promise<{ conversationId: string; created: boolean }> {
  const byId = input.userId ?? null
  const byExternalId = input.externalUserId ?? null
  if ((byId === null) === (byExternalId === null)) {
    throw InvalidInputError.at('userId', 'Give exactly one of userId and externalUserId.')
  }
  const askedId = byId ?? (await userIdOf(ctx, byExternalId ?? ''))
  if (askedId === null) throw new NotFoundError()
  const refused = { action: 'conversation.open', subjectType: 'User', subjectId: askedId } as const
  const other = await recordingRefusals(ctx, refused, async () => {
    const [found] = isStranger(ctx.viewer.role) ? [] : await visibleUsersById(ctx, [askedId])
    if (!found) throw new NotFoundError()
    return found
  })
  if (other.id === ctx.viewer.id) {
    throw InvalidInputError.at(
      byId !== null ? 'userId' : 'externalUserId',
      'A conversation needs somebody else.',
    )
  }
  const existing = await findDirect(ctx, other.id)
  if (existing) return { conversationId: existing, created: false }

  const pair = await recordingRefusals(ctx, refused, async () => patientAndDoctor(ctx, other))
  const key = await ctx.vault.newConversationKey(newId())
  const conversationId = key.conversationId
  let opened = { conversationId, created: true }
  await write(ctx, { ...refused, conversationIds: [], userIds: [ctx.viewer.id, other.id] }, async (tx) => {
    // Both streams are locked: whoever opened it at the same time has committed by now.
    const meanwhile = await tx.conversation.findFirst({
      where: { kind: 'DIRECT', ...pair },
      select: { id: true },
    })
    if (meanwhile) {
      opened = { conversationId: meanwhile.id, created: false }
      return null
    }
    await refuseUnlessMessageable(tx, ctx, other)
    const createdAt = await timeOf(tx)
    await tx.conversation.create({
      data: {
        id: conversationId,
        kind: 'DIRECT',
        ...pair,
        createdById: ctx.viewer.id,
        createdAt,
        lastActivityAt: createdAt,
        keys: { create: { version: key.version, wrappedKey: Buffer.from(key.wrappedKey), kekId: key.kekId } },
        participants: {
          create: [ctx.viewer.id, other.id].map((userId) => ({
            id: newId(),
            userId,
            role: 'MEMBER' as const,
            joinedAt: createdAt,
            lastActivityAt: createdAt,
          })),
        },
        memberships: { create: [ctx.viewer.id, other.id].map((userId) => ({ userId, fromSequence: 1 })) },
      },
    })
    await appendUpdates(tx, [ctx.viewer.id, other.id], {
      kind: 'CONVERSATION_OPENED',
      conversationId,
      actorId: ctx.viewer.id,
    })
    return { subjectType: 'Conversation', subjectId: conversationId, conversationId }
  })
  return opened
}

async function findDirect(ctx: VerbContext, otherId: string): Promise<string | null> {
  const found = await ctx.db.read((client) =>
    client.conversation.findFirst({
      where: {
        kind: 'DIRECT',
        OR: [
          { patientId: ctx.viewer.id, doctorId: otherId },
          { patientId: otherId, doctorId: ctx.viewer.id },
        ],
      },
      select: { id: true },
    }),
  )
  return found?.id ?? null
}

function patientAndDoctor(
  ctx: VerbContext,
  other: { id: string; role: string },
): { patientId: string; doctorId: string } {
  if (ctx.viewer.role === 'PATIENT' && other.role === 'DOCTOR')
    return { patientId: ctx.viewer.id, doctorId: other.id }
  if (ctx.viewer.role === 'DOCTOR' && other.role === 'PATIENT')
    return { patientId: other.id, doctorId: ctx.viewer.id }
  throw new CannotSendError(['NO_CARE_RELATIONSHIP'])
}

/** Says all of why not. Asked inside the transaction: whatever decides it takes the streams that are locked here. */
async function refuseUnlessMessageable(tx: Tx, ctx: VerbContext, other: { id: string }): Promise<void> {
  const [reasons] = await tx.$queryRaw<{ unrelated: boolean; blocking: boolean; inactive: boolean }[]>`
    SELECT NOT (${ctx.config.messagingPolicy === 'open'} OR EXISTS (
             SELECT 1 FROM appointments a
              WHERE a.status <> 'CANCELLED'
                AND (a.patient_id = ${ctx.viewer.id}::uuid AND a.doctor_id = o.id
                  OR a.doctor_id = ${ctx.viewer.id}::uuid AND a.patient_id = o.id))) AS unrelated,
           EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id = ${ctx.viewer.id}::uuid AND b.blocked_id = o.id) AS blocking,
           NOT o.is_active
             OR EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id = o.id AND b.blocked_id = ${ctx.viewer.id}::uuid) AS inactive
      FROM users o WHERE o.id = ${other.id}::uuid`
  if (!reasons) throw new NotFoundError()
  const all = [
    ...(reasons.unrelated ? (['NO_CARE_RELATIONSHIP'] as const) : []),
    ...(reasons.blocking ? (['BLOCKED'] as const) : []),
    ...(reasons.inactive ? (['USER_INACTIVE'] as const) : []),
  ]
  if (all.length > 0) throw new CannotSendError(all)
}
