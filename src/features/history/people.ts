import type { OperatorTransaction } from '../../platform/db/operator-connection.js'
import type { UserRole } from '../../platform/db/types.js'
import { newId } from '../../platform/ids.js'
import { isStranger } from '../conversations/policy.js'
import { faultsOf, type UpsertUserInput } from '../people/upsert.js'
import type { ImportContext } from './context.js'
import { added, known, type Line, refused, type Verdict } from './records.js'

export interface FoundPerson {
  readonly id: string
  readonly role: UserRole
}

/** Who is called so. */
export async function findPeople(
  db: OperatorTransaction,
  externalIds: Iterable<string>,
): Promise<Map<string, FoundPerson>> {
  const distinct = [...new Set(externalIds)]
  if (distinct.length === 0) return new Map()
  const rows = await db.query<FoundPerson & { externalId: string }>(
    'import-find-people',
    'SELECT external_id AS "externalId", id, role FROM users WHERE external_id = ANY ($1::text[])',
    [distinct],
  )
  return new Map(rows.map(({ externalId, ...person }) => [externalId, person]))
}

/**
 * Makes those people who are not there yet, under the bounds of upsertUser. Somebody who is there in the same role is
 * left as they are, whatever else the line says: keeping them in step is the platform's. Another role is refused.
 */
export async function importPeople(
  ctx: ImportContext,
  lines: readonly Line<UpsertUserInput>[],
): Promise<Verdict[]> {
  const faults = lines.map(({ record }) => faultOf(record))
  const sound = lines.filter((_, index) => faults[index] === null)
  const there = await findPeople(
    ctx.db,
    sound.map(({ record }) => record.externalId),
  )
  const fresh = new Map<string, UpsertUserInput>()
  for (const { record } of sound)
    if (!there.has(record.externalId) && !fresh.has(record.externalId)) fresh.set(record.externalId, record)
  const made = await make(ctx, [...fresh.values()])
  const roles = new Map([...there].map(([externalId, person]) => [externalId, person.role]))
  for (const externalId of made) roles.set(externalId, fresh.get(externalId)?.role ?? 'PATIENT')
  // Somebody else was quicker.
  const others = [...fresh.keys()].filter((externalId) => !made.has(externalId))
  if (others.length > 0)
    for (const [externalId, person] of await findPeople(ctx.db, others)) roles.set(externalId, person.role)
  return lines.map(({ record }, index) => {
    const fault = faults[index]
    if (fault) return refused(fault)
    if (roles.get(record.externalId) !== record.role)
      return refused('somebody of this externalId is there in another role')
    return made.delete(record.externalId) ? added : known
  })
}

function faultOf(person: UpsertUserInput): string | null {
  const [fault] = faultsOf(person)
  if (fault) return `${fault.path.join('.')}: ${fault.detail}`
  return isStranger(person.role) ? 'role: ADMIN, AUDITOR and SERVICE are not imported' : null
}

/** The externalIds of those who were made; somebody else may have been quicker. */
async function make(ctx: ImportContext, people: readonly UpsertUserInput[]): Promise<Set<string>> {
  if (people.length === 0) return new Set()
  const rows = await Promise.all(
    people.map(async (person) => {
      const id = newId()
      const seal = (column: 'email' | 'phone') => {
        const value = person[column]
        const place = { table: 'users', column, rowId: id, conversationId: null, revision: 1 }
        return value ? ctx.vault.seal(place, value) : null
      }
      return { ...person, id, emailSealed: await seal('email'), phoneSealed: await seal('phone') }
    }),
  )
  return ctx.db.transaction(async (tx) => {
    // As upsertUser: of two who make one new person, the second finds what the first made.
    await tx.query(
      'import-lock-people',
      `SELECT pg_advisory_xact_lock(k.key) FROM (
         SELECT DISTINCT hashtextextended('user:' || x, 0) AS key FROM unnest($1::text[]) AS x ORDER BY key) k`,
      [rows.map((row) => row.externalId)],
    )
    const made = await tx.query<{ externalId: string }>(
      'import-make-people',
      `WITH made AS (
         INSERT INTO users (id, external_id, display_name, role, email_sealed, phone_sealed, contact_revision, avatar_url,
                            specialty, qualification, designation, is_active)
         SELECT r.id, r.external_id, r.display_name, r.role::user_role, r.email, r.phone, 1, r.avatar_url,
                r.specialty, r.qualification, r.designation, r.is_active
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::text[], $8::text[],
                       $9::text[], $10::text[], $11::boolean[])
                AS r (id, external_id, display_name, role, email, phone, avatar_url, specialty, qualification, designation, is_active)
         ON CONFLICT (external_id) DO NOTHING
         RETURNING id, external_id
       ), streams AS (
         INSERT INTO user_streams (user_id) SELECT id FROM made
       )
       SELECT m.external_id AS "externalId",
              record_audit(NULL, 'user.upsert', 'ALLOWED', 'User', m.id, NULL, NULL, NULL, NULL, $12, NULL)
         FROM made m`,
      [
        rows.map((row) => row.id),
        rows.map((row) => row.externalId),
        rows.map((row) => row.displayName),
        rows.map((row) => row.role),
        rows.map((row) => row.emailSealed),
        rows.map((row) => row.phoneSealed),
        rows.map((row) => row.avatarUrl ?? null),
        rows.map((row) => row.specialty ?? null),
        rows.map((row) => row.qualification ?? null),
        rows.map((row) => row.designation ?? null),
        rows.map((row) => row.isActive ?? true),
        ctx.requestId,
      ],
    )
    return new Set(made.map((row) => row.externalId))
  })
}
