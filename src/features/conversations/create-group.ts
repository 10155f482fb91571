import { createHash } from 'node:crypto'
import { ForbiddenError, InvalidInputError, NotFoundError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import { timeOf } from '../../platform/db/time.js'
import { newId } from '../../platform/ids.js'
import { recordingRefusals } from '../audit/refusals.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { visibleUsersById } from '../people/read.js'
import { appendUpdates } from '../stream/append.js'
import { longestTitle, textFault } from '../text.js'
import { assertAddable, largestGroup } from './addable.js'
import { titlePlace } from './title.js'

export interface CreateGroupInput {
  readonly title: string
  readonly participantIds: readonly string[]
  readonly patientId?: string | null | undefined
}

/**
 * A DOCTOR makes a group, about one patient or none, and is its owner. Naming oneself changes nothing.
 * Throws InvalidInputError, NotFoundError, ForbiddenError. Returns the conversation's id.
 */
export async function createGroup(ctx: VerbContext, input: CreateGroupInput): Promise<string> {
  const fault = textFault(input.title, longestTitle)
  if (fault) throw InvalidInputError.at('title', fault)
  const memberIds = [...new Set(input.participantIds)].filter((id) => id !== ctx.viewer.id)
  if (memberIds.length + 1 > largestGroup) {
    throw InvalidInputError.at('participantIds', `A group has at most ${largestGroup} participants.`)
  }
  const patientId = input.patientId ?? null
  const askedIds = patientId === null ? memberIds : [...memberIds, patientId]
  const asked = await visibleUsersById(ctx, askedIds)
  const unseenId = askedIds[asked.indexOf(null)]
  if (unseenId !== undefined) {
    const refused = { action: 'conversation.create_group', subjectType: 'User', subjectId: unseenId } as const
    await recordingRefusals(ctx, refused, () => Promise.reject(new NotFoundError()))
  }

  const key = await ctx.vault.newConversationKey(newId())
  const id = key.conversationId
  const titleSealed = await ctx.vault.sealUnder(key, titlePlace(id, 0), input.title)
  const subject = {
    action: 'conversation.create_group',
    subjectType: 'User',
    subjectId: ctx.viewer.id,
  } as const
  const userIds = [ctx.viewer.id, ...memberIds]
  await write(ctx, { ...subject, conversationIds: [], userIds }, async (tx) => {
    if (ctx.viewer.role !== 'DOCTOR') throw new ForbiddenError('Only doctors create groups.')
    if (patientId !== null) await assertPatientInCare(tx, ctx, patientId)
    await assertAddable(tx, memberIds, patientId)
    const createdAt = await timeOf(tx)
    await tx.conversation.create({
      data: {
        id,
        kind: 'GROUP',
        titleSealed: Buffer.from(titleSealed),
        patientId,
        createdById: ctx.viewer.id,
        createdAt,
        lastActivityAt: createdAt,
        keys: { create: { version: key.version, wrappedKey: Buffer.from(key.wrappedKey), kekId: key.kekId } },
      },
    })
    await tx.participant.createMany({
      data: userIds.map((userId) => ({
        id: newId(),
        conversationId: id,
        userId,
        role: userId === ctx.viewer.id ? ('OWNER' as const) : ('MEMBER' as const),
        joinedAt: createdAt,
        lastActivityAt: createdAt,
      })),
    })
    await tx.membership.createMany({
      data: userIds.map((userId) => ({ conversationId: id, userId, fromSequence: 1 })),
    })
    await appendUpdates(tx, userIds, {
      kind: 'CONVERSATION_OPENED',
      conversationId: id,
      actorId: ctx.viewer.id,
    })
    const contentHash = createHash('sha256').update(titleSealed).digest()
    return { subjectType: 'Conversation', subjectId: id, conversationId: id, contentHash }
  })
  ctx.presence.announce(userIds)
  return id
}

async function assertPatientInCare(tx: Tx, ctx: VerbContext, patientId: string): Promise<void> {
  const patient = await tx.user.findFirst({
    where: {
      id: patientId,
      role: 'PATIENT',
      ...(ctx.config.messagingPolicy === 'open'
        ? {}
        : { patientAppointments: { some: { doctorId: ctx.viewer.id, status: { not: 'CANCELLED' } } } }),
    },
    select: { id: true },
  })
  if (!patient) throw new ForbiddenError('This group can only be about a patient of yours.')
}
