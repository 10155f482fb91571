import { type OperatorTransaction, StaleLocksError } from '../../platform/db/operator-connection.js'
import { newId } from '../../platform/ids.js'
import { namedId } from '../../platform/named-id.js'
import type { ImportContext } from './context.js'
import { type ConversationPlan, planConversation } from './conversation-plans.js'
import { insertConversations, type NewConversation, sealNew } from './make-conversations.js'
import type { FoundPerson } from './people.js'
import {
  added,
  type ImportedConversation,
  known,
  type Line,
  type Named,
  refused,
  type Verdict,
} from './records.js'
import { headsOf, lockForWrite, tellingOfRefusals } from './streams.js'

// So many conversations' people are locked at a time.
const perTransaction = 100

interface Existing {
  readonly id: string
  readonly kind: 'DIRECT' | 'GROUP'
  readonly patientId: string | null
  readonly doctorId: string | null
  /** Nothing was ever said in it, and no import has begun. */
  readonly isUntouched: boolean
}

/**
 * Makes those conversations that are not there yet, closed to sends until endImports, and closes those that are there
 * and empty in the same way; others are left as they are. Notes what the file calls each of them, which it does once.
 */
export async function importConversations(
  ctx: ImportContext,
  lines: readonly Line<ImportedConversation>[],
  people: Named<FoundPerson>,
): Promise<Verdict[]> {
  const plans = lines.map((line) => planConversation(line, people))
  const verdicts = new Map<number, Verdict>()
  const names = await namesTaken(ctx.db, lines)
  const sound: ConversationPlan[] = []
  for (const plan of plans) {
    if (typeof plan === 'string') continue
    if (names.has(plan.externalId))
      verdicts.set(plan.line, refused('externalId: an earlier line has named a conversation so'))
    else sound.push(plan)
    names.add(plan.externalId)
  }
  for (let from = 0; from < sound.length; from += perTransaction)
    for (const [line, verdict] of await importSome(ctx, sound.slice(from, from + perTransaction)))
      verdicts.set(line, verdict)
  return plans.map((plan) =>
    typeof plan === 'string' ? refused(plan) : (verdicts.get(plan.line) ?? refused('not looked at')),
  )
}

async function namesTaken(
  db: OperatorTransaction,
  lines: readonly Line<ImportedConversation>[],
): Promise<Set<string>> {
  const found = await findConversations(
    db,
    lines.map(({ record }) => record.externalId),
  )
  return new Set(found.keys())
}

/** The conversations that the file calls so: their ids. */
export async function findConversations(
  db: OperatorTransaction,
  externalIds: Iterable<string>,
): Promise<Map<string, string>> {
  const rows = await db.query<{ externalId: string; id: string }>(
    'import-find-conversations',
    'SELECT external_id AS "externalId", conversation_id AS id FROM import_conversations WHERE external_id = ANY ($1::text[])',
    [[...new Set(externalIds)]],
  )
  return new Map(rows.map((row) => [row.externalId, row.id]))
}

async function importSome(
  ctx: ImportContext,
  plans: readonly ConversationPlan[],
): Promise<Map<number, Verdict>> {
  const fresh = new Map<ConversationPlan, NewConversation>()
  for (const plan of plans)
    fresh.set(plan, await sealNew(ctx, plan, plan.kind === 'GROUP' ? groupId(plan.externalId) : newId()))
  const userIds = [...new Set(plans.flatMap((plan) => plan.participantIds))]
  const { verdicts, heads } = await ctx.db.transaction(async (tx) => {
    const before = await findExisting(tx, plans)
    await lockForWrite(
      tx,
      before.map((found) => found.id),
      userIds,
    )
    const existing = await findExisting(tx, plans)
    // What was opened before the locks were had is not locked.
    if (existing.length > before.length) throw new StaleLocksError()
    const decided = decide(plans, existing, await idsTaken(tx, existing))
    const making = plans.filter((plan) => decided.get(plan)?.verdict.outcome === 'ADDED')
    await insertConversations(
      tx,
      ctx,
      making.flatMap((plan) => fresh.get(plan) ?? []),
    )
    const kept = plans.flatMap((plan) => decided.get(plan)?.existing ?? [])
    await close(
      tx,
      ctx,
      kept.filter((found) => found.isUntouched).map((found) => found.id),
    )
    const named = plans.flatMap((plan) => {
      const decision = decided.get(plan)
      if (!decision || decision.verdict.outcome === 'REFUSED') return []
      const id = decision.existing?.id ?? fresh.get(plan)?.conversationId
      return id ? [{ externalId: plan.externalId, id }] : []
    })
    await tx.query(
      'import-note-conversations',
      'INSERT INTO import_conversations (external_id, conversation_id) SELECT * FROM unnest($1::text[], $2::uuid[])',
      [named.map(({ externalId }) => externalId), named.map(({ id }) => id)],
    )
    return {
      verdicts: new Map(plans.map((plan) => [plan.line, decided.get(plan)?.verdict ?? known])),
      heads: await headsOf(tx, userIds),
    }
  })
  ctx.hints.streamsMoved(heads)
  return verdicts
}

/** A group is known again by its name: the same file, run again, means the same group. */
const groupId = (externalId: string) => namedId('conversation', externalId)

async function findExisting(
  tx: OperatorTransaction,
  plans: readonly ConversationPlan[],
): Promise<Existing[]> {
  const direct = plans.filter((plan) => plan.kind === 'DIRECT')
  const groups = plans.filter((plan) => plan.kind === 'GROUP')
  return tx.query<Existing>(
    'import-find-existing',
    `SELECT c.id, c.kind, c.patient_id AS "patientId", c.doctor_id AS "doctorId",
            c.last_sequence = 0 AND c.importing_since IS NULL AND c.imported_until_sequence IS NULL AS "isUntouched"
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
}

/** Of these conversations, those that the file has named before. */
async function idsTaken(tx: OperatorTransaction, existing: readonly Existing[]): Promise<Set<string>> {
  const rows = await tx.query<{ id: string }>(
    'import-ids-taken',
    'SELECT conversation_id AS id FROM import_conversations WHERE conversation_id = ANY ($1::uuid[])',
    [existing.map((found) => found.id)],
  )
  return new Set(rows.map((row) => row.id))
}

interface Decision {
  readonly verdict: Verdict
  /** What is there already and is meant; undefined where it is made, or refused. */
  readonly existing: Existing | undefined
}

function decide(
  plans: readonly ConversationPlan[],
  existing: readonly Existing[],
  taken: ReadonlySet<string>,
): Map<ConversationPlan, Decision> {
  const keyOf = (one: { kind: string; patientId: string | null; doctorId: string | null }, id: string) =>
    one.kind === 'DIRECT' ? `${one.patientId}:${one.doctorId}` : id
  const byKey = new Map(existing.map((found) => [keyOf(found, found.id), found]))
  const seen = new Set<string>()
  const decided = new Map<ConversationPlan, Decision>()
  for (const plan of plans) {
    const key = keyOf(plan, groupId(plan.externalId))
    const found = byKey.get(key)
    const verdict = verdictOn(plan, found, taken, seen.has(key))
    decided.set(plan, { verdict, existing: verdict.outcome === 'KNOWN' ? found : undefined })
    seen.add(key)
  }
  return decided
}

function verdictOn(
  plan: ConversationPlan,
  found: Existing | undefined,
  taken: ReadonlySet<string>,
  isRepeated: boolean,
): Verdict {
  if (isRepeated || (found && taken.has(found.id)))
    return refused('an earlier line has named the conversation of these two')
  if (!found) return added
  if (found.patientId !== plan.patientId)
    return refused('externalId: a group of this name is there about somebody else')
  return known
}

/** Closes to sends what an import is going to fill. All locks are held. */
async function close(
  tx: OperatorTransaction,
  ctx: ImportContext,
  conversationIds: readonly string[],
): Promise<void> {
  if (conversationIds.length === 0) return
  await tellingOfRefusals(tx, conversationIds, ctx.isOpenPolicy, async () => {
    await tx.query(
      'import-close',
      `UPDATE conversations SET importing_since = date_trunc('milliseconds', clock_timestamp()), imported_until_sequence = 0
        WHERE id = ANY ($1::uuid[])`,
      [conversationIds],
    )
    await tx.query(
      'import-audit-begin',
      `SELECT record_audit(NULL, 'conversation.begin_import', 'ALLOWED', 'Conversation', x.id, x.id, NULL, NULL, NULL, $2, NULL)
         FROM unnest($1::uuid[]) AS x (id)`,
      [conversationIds, ctx.requestId],
    )
  })
}
