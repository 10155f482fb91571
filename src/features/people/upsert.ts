import { ForbiddenError, type InvalidField, InvalidInputError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import type { UserRole } from '../../platform/db/types.js'
import { newId } from '../../platform/ids.js'
import { recordWrite } from '../audit/record.js'
import { recordingRefusals } from '../audit/refusals.js'
import { assertStillViewer } from '../audit/still-viewer.js'
import type { VerbContext } from '../context.js'
import { isStranger } from '../conversations/policy.js'
import { lockForWrite } from '../stream/append.js'
import { longestName, textFault } from '../text.js'

/** Omitted (undefined): unchanged. Null: cleared. */
export interface UpsertUserInput {
  readonly externalId: string
  readonly displayName: string
  readonly role: UserRole
  readonly email?: string | null | undefined
  readonly phone?: string | null | undefined
  readonly avatarUrl?: string | null | undefined
  readonly specialty?: string | null | undefined
  readonly qualification?: string | null | undefined
  readonly designation?: string | null | undefined
  readonly isActive?: boolean | null | undefined
}

/**
 * Creates or changes a person, by their external id. ADMIN and SERVICE only, whatever the input; SERVICE can neither make
 * nor change ADMIN, AUDITOR or SERVICE. A new role, or deactivation, ends the person's live connections.
 * Throws ForbiddenError, InvalidInputError.
 */
export async function upsertUser(
  ctx: VerbContext,
  input: UpsertUserInput,
): Promise<{ userId: string; created: boolean }> {
  const refusal = { action: 'user.upsert', subjectType: 'User', subjectId: ctx.viewer.id } as const
  const result = await recordingRefusals(ctx, refusal, async () => {
    if (ctx.viewer.role !== 'ADMIN' && ctx.viewer.role !== 'SERVICE')
      throw new ForbiddenError('Only the platform keeps users in step.')
    const faults = faultsOf(input)
    if (faults.length > 0) throw new InvalidInputError(faults)
    return ctx.db.transaction((tx) => upsert(tx, ctx, input))
  })
  if (result.isOtherwise) {
    ctx.hints.personChanged(result.userId)
    ctx.typing.endIfKnown({ conversationId: null, userId: result.userId, deviceId: null })
    ctx.presence.announce([result.userId])
  }
  return result
}

async function upsert(tx: Tx, ctx: VerbContext, input: UpsertUserInput) {
  // Two requests about one new person: the second finds what the first made.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`user:${input.externalId}`}, 0))`
  const known = await tx.user.findUnique({ where: { externalId: input.externalId }, select: { id: true } })
  await lockForWrite(tx, [], known ? [known.id, ctx.viewer.id] : [ctx.viewer.id])
  await assertStillViewer(tx, ctx.viewer)
  const existing = known ? await tx.user.findUniqueOrThrow({ where: { id: known.id } }) : null
  if (ctx.viewer.role === 'SERVICE' && (isStranger(input.role) || (existing && isStranger(existing.role)))) {
    throw new ForbiddenError('A service neither makes nor changes administrators, auditors and services.')
  }
  const userId = existing?.id ?? newId()
  const contactRevision = (existing?.contactRevision ?? 0) + 1
  const seal = async (column: 'email' | 'phone', value: string) =>
    Buffer.from(
      await ctx.vault.seal(
        { table: 'users', column, rowId: userId, conversationId: null, revision: contactRevision },
        value,
      ),
    )
  const reopen = async (column: 'email' | 'phone', sealed: Uint8Array | null | undefined) =>
    sealed
      ? ctx.vault.open(
          { table: 'users', column, rowId: userId, conversationId: null, revision: contactRevision - 1 },
          sealed,
        )
      : null
  // Both are sealed at one revision, so whoever stays as they are is sealed again.
  const email = input.email === undefined ? await reopen('email', existing?.emailSealed) : input.email
  const phone = input.phone === undefined ? await reopen('phone', existing?.phoneSealed) : input.phone
  const changes = {
    displayName: input.displayName,
    role: input.role,
    emailSealed: email === null ? null : await seal('email', email),
    phoneSealed: phone === null ? null : await seal('phone', phone),
    contactRevision,
    ...given('avatarUrl', input.avatarUrl),
    ...given('specialty', input.specialty),
    ...given('qualification', input.qualification),
    ...given('designation', input.designation),
    ...(input.isActive === undefined || input.isActive === null ? {} : { isActive: input.isActive }),
  }
  if (existing) await tx.user.update({ where: { id: userId }, data: changes })
  else
    await tx.user.create({
      data: { id: userId, externalId: input.externalId, ...changes, stream: { create: {} } },
    })
  await recordWrite(tx, ctx, { action: 'user.upsert', subjectType: 'User', subjectId: userId })
  const isOtherwise =
    existing !== null &&
    (existing.role !== input.role || existing.isActive !== (changes.isActive ?? existing.isActive))
  // Their conversations are told by a job, one transaction each: a busy doctor has thousands.
  if (isOtherwise)
    await tx.$executeRaw`SELECT graphile_worker.add_job('tell-conversations', json_build_object('userId', ${userId}::text))`
  return { userId, created: existing === null, isOtherwise }
}

function given<Name extends string, Value>(name: Name, value: Value | undefined) {
  return value === undefined ? {} : { [name]: value }
}

const emailPattern = /^[^\s@]{1,64}@[^\s@]{1,189}$/
const phonePattern = /^\+?[\d\s().-]{3,32}$/

/** What is out of bounds in what is told of a person. */
export function faultsOf(input: UpsertUserInput): InvalidField[] {
  const faults: InvalidField[] = []
  const check = (name: string, fault: string | null) => {
    if (fault) faults.push({ path: [name], detail: fault })
  }
  for (const name of ['externalId', 'displayName'] as const) check(name, textFault(input[name], longestName))
  for (const name of ['specialty', 'qualification', 'designation'] as const) {
    const value = input[name]
    if (value !== undefined && value !== null) check(name, textFault(value, longestName))
  }
  if (input.email && !emailPattern.test(input.email)) check('email', 'It must be an e-mail address.')
  if (input.phone && !phonePattern.test(input.phone)) check('phone', 'It must be a phone number.')
  if (input.email === '') check('email', 'It must be an e-mail address, or null.')
  if (input.phone === '') check('phone', 'It must be a phone number, or null.')
  if (input.avatarUrl && !/^https?:\/\//.test(input.avatarUrl))
    check('avatarUrl', 'It must be an http or https URL.')
  if (input.avatarUrl && input.avatarUrl.length > 2048)
    check('avatarUrl', 'It must not be longer than 2048 characters.')
  if (input.isActive === null) check('isActive', 'It is true or false; leave it out to change nothing.')
  return faults
}
