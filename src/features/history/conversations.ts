import { type OperatorTransaction, StaleLocksError } from '../../platform/db/operator-connection.js'
import { newId } from '../../platform/ids.js'
import type { ImportContext } from './context.js'
import { type ConversationPlan, planConversation } from './conversation-plans.js'
import { type Existing, findDifferences, findExisting, groupId, keyOf } from './existing-conversations.js'
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
import { headsOf, lockForWrite, peopleOf, shortChunks, tellingOfRefusals } from './streams.js'

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
  const sound = plans.filter((plan) => typeof plan !== 'string')
  const names = new Set(
    (
      await findConversations(
        ctx.db,
        sound.map((plan) => plan.externalId),
      )
    ).keys(),
  )
  const verdicts = new Map<number, Verdict>()
  for (const chunk of shortChunks(sound, (plan) => plan.participantIds.length)) {
    for (const { plan, verdict } of await importSome(ctx, chunk, names)) {
      verdicts.set(plan.line, verdict)
      if (verdict.outcome !== 'REFUSED') names.add(plan.externalId)
    }
  }
  return plans.map((plan) =>
    typeof plan === 'string' ? refused(plan) : (verdicts.get(plan.line) ?? refused('not looked at')),
  )
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

interface Decision {
  readonly plan: ConversationPlan
  readonly verdict: Verdict
  /** What is there already and is meant; undefined where it is made, or refused. */
  readonly existing: Existing | undefined
}

/** One transaction's worth, and what its people's streams are locked for. */
async function importSome(
  ctx: ImportContext,
  plans: readonly ConversationPlan[],
  names: ReadonlySet<string>,
): Promise<Decision[]> {
  let before = await findExisting(ctx.db, plans)
  const fresh = new Map<string, NewConversation>()
  for (const plan of plans)
    if (!before.has(keyOf(plan)))
      fresh.set(
        keyOf(plan),
        await sealNew(ctx, plan, plan.kind === 'GROUP' ? groupId(plan.externalId) : newId()),
      )
  const { decisions, heads } = await ctx.db.transaction(async (tx) => {
    // What has been touched is left as it is, and needs no lock.
    const untouched = [...before.values()].filter((found) => found.isUntouched).map((found) => found.id)
    const newcomers = plans.filter((plan) => !before.has(keyOf(plan))).flatMap((plan) => plan.participantIds)
    if (untouched.length + newcomers.length > 0) await lockForWrite(tx, untouched, newcomers)
    const existing = await findExisting(tx, plans)
    // What was opened before the locks were had is not locked.
    if (existing.size > before.size) {
      before = existing
      throw new StaleLocksError()
    }
    const decided = decide(plans, existing, names)
    const making = decided.flatMap(({ plan, verdict }) =>
      verdict.outcome === 'ADDED' ? (fresh.get(keyOf(plan)) ?? []) : [],
    )
    await insertConversations(tx, ctx, making)
    const closing = decided.flatMap((one) => (one.existing?.isUntouched ? one.existing.id : []))
    await close(tx, ctx, closing)
    await noteNames(
      tx,
      decided.flatMap(({ plan, verdict, existing: kept }) => {
        const id = kept?.id ?? fresh.get(keyOf(plan))?.conversationId
        return verdict.outcome === 'REFUSED' || id === undefined ? [] : [{ externalId: plan.externalId, id }]
      }),
    )
    return {
      decisions: decided,
      heads: await headsOf(tx, [
        ...making.flatMap((one) => one.plan.participantIds),
        ...(await peopleOf(tx, closing)),
      ]),
    }
  })
  ctx.hints.streamsMoved(heads)
  return withDifferences(ctx, decisions)
}

function decide(
  plans: readonly ConversationPlan[],
  existing: ReadonlyMap<string, Existing>,
  namesBefore: ReadonlySet<string>,
): Decision[] {
  const names = new Set(namesBefore)
  const seen = new Set<string>()
  return plans.map((plan) => {
    const key = keyOf(plan)
    const found = existing.get(key)
    const verdict = verdictOn(plan, found, names.has(plan.externalId), seen.has(key))
    if (verdict.outcome !== 'REFUSED') {
      names.add(plan.externalId)
      seen.add(key)
    }
    return { plan, verdict, existing: verdict.outcome === 'KNOWN' ? found : undefined }
  })
}

function verdictOn(
  plan: ConversationPlan,
  found: Existing | undefined,
  isNameUsed: boolean,
  isRepeated: boolean,
): Verdict {
  if (isNameUsed) return refused('externalId: an earlier line has named a conversation so')
  if (isRepeated || found?.isNamed) return refused('an earlier line has named this conversation otherwise')
  if (!found) return added
  if (found.patientId !== plan.patientId)
    return refused('externalId: a group of this name is there about somebody else')
  return known
}

/** Says of groups that were there where they are not as the file has them. */
async function withDifferences(ctx: ImportContext, decisions: readonly Decision[]): Promise<Decision[]> {
  const kept = decisions.filter((decision) => decision.existing !== undefined)
  const differences = await findDifferences(
    ctx,
    kept.map((decision) => decision.plan),
  )
  return decisions.map((decision) => {
    const why = decision.existing && differences.get(keyOf(decision.plan))
    return why === undefined ? decision : { ...decision, verdict: { outcome: 'KNOWN', why } }
  })
}

async function noteNames(
  tx: OperatorTransaction,
  named: readonly { externalId: string; id: string }[],
): Promise<void> {
  await tx.query(
    'import-note-conversations',
    'INSERT INTO import_conversations (external_id, conversation_id) SELECT * FROM unnest($1::text[], $2::uuid[])',
    [named.map(({ externalId }) => externalId), named.map(({ id }) => id)],
  )
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
