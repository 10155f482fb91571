import { UnreadableError } from '../../platform/crypto/envelope.js'
import type { OperatorTransaction } from '../../platform/db/operator-connection.js'
import { namedId } from '../../platform/named-id.js'
import { titlePlace } from '../conversations/title.js'
import type { ImportContext } from './context.js'
import type { ConversationPlan } from './conversation-plans.js'

/** A conversation that is there already, and that a line means. */
export interface Existing {
  readonly id: string
  readonly kind: 'DIRECT' | 'GROUP'
  readonly patientId: string | null
  readonly doctorId: string | null
  /** Nothing was ever said in it, and no import has begun. Once false, so for ever. */
  readonly isUntouched: boolean
  /** An earlier line of the file has named it. */
  readonly isNamed: boolean
}

/** A group is known again by its name: the same file, run again, means the same group. */
export const groupId = (externalId: string) => namedId('conversation', externalId)

/** What tells conversations apart: of DIRECT its two people, of GROUP its id. */
export function keyOf(
  one: Pick<Existing, 'kind' | 'patientId' | 'doctorId'> & { id?: string; externalId?: string },
): string {
  if (one.kind === 'DIRECT') return `${one.patientId}:${one.doctorId}`
  return one.id ?? groupId(one.externalId ?? '')
}

/** Those of these conversations that are there, by keyOf. */
export async function findExisting(
  tx: OperatorTransaction,
  plans: readonly ConversationPlan[],
): Promise<Map<string, Existing>> {
  const direct = plans.filter((plan) => plan.kind === 'DIRECT')
  const groups = plans.filter((plan) => plan.kind === 'GROUP')
  const rows = await tx.query<Existing>(
    'import-find-existing',
    `SELECT c.id, c.kind, c.patient_id AS "patientId", c.doctor_id AS "doctorId",
            c.last_sequence = 0 AND c.importing_since IS NULL AND c.imported_until_sequence IS NULL AS "isUntouched",
            EXISTS (SELECT 1 FROM import_conversations i WHERE i.conversation_id = c.id) AS "isNamed"
       FROM conversations c
      WHERE c.id IN (
        SELECT d.id FROM unnest($1::uuid[], $2::uuid[]) AS x (patient_id, doctor_id)
          JOIN conversations d ON d.patient_id = x.patient_id AND d.doctor_id = x.doctor_id
        UNION SELECT unnest($3::uuid[]))`,
    [
      direct.map((plan) => plan.patientId),
      direct.map((plan) => plan.doctorId),
      groups.map((plan) => groupId(plan.externalId)),
    ],
  )
  return new Map(rows.map((row) => [keyOf(row), row]))
}

interface GroupRow {
  readonly id: string
  readonly titleSealed: Buffer | null
  readonly titleRevision: number
  readonly userIds: string[]
  readonly ownerIds: string[]
}

/**
 * Where groups that were there are not as the file has them: what differs, by keyOf. They stay as they are: people may
 * have joined, left and renamed them since.
 */
export async function findDifferences(
  ctx: Pick<ImportContext, 'db' | 'vault'>,
  plans: readonly ConversationPlan[],
): Promise<Map<string, string>> {
  const groups = new Map(
    plans.filter((plan) => plan.kind === 'GROUP').map((plan) => [groupId(plan.externalId), plan]),
  )
  if (groups.size === 0) return new Map()
  const rows = await ctx.db.query<GroupRow>(
    'import-groups-there',
    `SELECT c.id, c.title_sealed AS "titleSealed", c.title_revision AS "titleRevision",
            coalesce(array_agg(p.user_id::text) FILTER (WHERE p.left_at IS NULL), '{}') AS "userIds",
            coalesce(array_agg(p.user_id::text) FILTER (WHERE p.left_at IS NULL AND p.role = 'OWNER'), '{}') AS "ownerIds"
       FROM conversations c LEFT JOIN participants p ON p.conversation_id = c.id
      WHERE c.id = ANY ($1::uuid[]) GROUP BY c.id`,
    [[...groups.keys()]],
  )
  await ctx.vault.prepare(rows.map((row) => row.id))
  const found = new Map<string, string>()
  for (const row of rows) {
    const plan = groups.get(row.id)
    if (!plan) continue
    const differing = [
      ...(hasSamePeople(row, plan) ? [] : ['other participants']),
      ...((await titleOf(ctx, row)) === plan.title ? [] : ['another title']),
    ]
    if (differing.length > 0)
      found.set(keyOf(plan), `the group is there with ${differing.join(' and ')}, and stays as it is`)
  }
  return found
}

function hasSamePeople({ userIds, ownerIds }: GroupRow, plan: ConversationPlan): boolean {
  const there = new Set(userIds)
  return (
    there.size === plan.participantIds.length &&
    plan.participantIds.every((id) => there.has(id)) &&
    ownerIds.includes(plan.createdById)
  )
}

/** Null where there is none that opens. */
async function titleOf(ctx: Pick<ImportContext, 'vault'>, row: GroupRow): Promise<string | null> {
  if (row.titleSealed === null) return null
  try {
    return await ctx.vault.open(titlePlace(row.id, row.titleRevision), row.titleSealed)
  } catch (error) {
    if (error instanceof UnreadableError) return null
    throw error
  }
}
