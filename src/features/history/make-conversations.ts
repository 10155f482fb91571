import { createHash } from 'node:crypto'
import type { WrappedConversationKey } from '../../platform/crypto/vault.js'
import type { OperatorTransaction } from '../../platform/db/operator-connection.js'
import { newId } from '../../platform/ids.js'
import { titlePlace } from '../conversations/title.js'
import type { ImportContext } from './context.js'
import type { ConversationPlan } from './conversation-plans.js'

/** A conversation that is ready to be written: its key made, its title sealed. */
export interface NewConversation {
  readonly conversationId: string
  readonly plan: ConversationPlan
  readonly key: WrappedConversationKey
  readonly titleSealed: Buffer | null
}

export async function sealNew(
  ctx: Pick<ImportContext, 'vault'>,
  plan: ConversationPlan,
  conversationId: string,
): Promise<NewConversation> {
  const key = await ctx.vault.newConversationKey(conversationId)
  const titleSealed =
    plan.title === null ? null : await ctx.vault.sealUnder(key, titlePlace(conversationId, 0), plan.title)
  return { conversationId, plan, key, titleSealed }
}

/**
 * Writes conversations that are still being imported, with their people and the update that tells these of them. The
 * transaction holds the streams of all of them.
 */
export async function insertConversations(
  tx: OperatorTransaction,
  ctx: Pick<ImportContext, 'requestId'>,
  conversations: readonly NewConversation[],
): Promise<void> {
  if (conversations.length === 0) return
  await tx.query(
    'import-make-conversations',
    `WITH made AS (
       INSERT INTO conversations (id, kind, patient_id, doctor_id, created_by_id, title_sealed, created_at, last_activity_at,
                                  importing_since, imported_until_sequence)
       SELECT r.id, r.kind::conversation_kind, r.patient_id, r.doctor_id, r.created_by_id, r.title, x.at, x.at, x.now, 0
         FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bytea[], $7::timestamptz[])
              AS r (id, kind, patient_id, doctor_id, created_by_id, title, created_at)
        CROSS JOIN LATERAL (SELECT n.now, coalesce(r.created_at, n.now) AS at
                              FROM (SELECT date_trunc('milliseconds', clock_timestamp()) AS now) n) x
     )
     INSERT INTO conversation_keys (conversation_id, version, wrapped_key, kek_id)
     SELECT * FROM unnest($1::uuid[], $8::int[], $9::bytea[], $10::text[])`,
    [
      conversations.map((made) => made.conversationId),
      conversations.map(({ plan }) => plan.kind),
      conversations.map(({ plan }) => plan.patientId),
      conversations.map(({ plan }) => plan.doctorId),
      conversations.map(({ plan }) => plan.createdById),
      conversations.map((made) => made.titleSealed),
      conversations.map(({ plan }) => plan.createdAt),
      conversations.map(({ key }) => key.version),
      conversations.map(({ key }) => key.wrappedKey),
      conversations.map(({ key }) => key.kekId),
    ],
  )
  const stays = conversations.flatMap(({ conversationId, plan }) =>
    plan.participantIds.map((userId) => ({
      conversationId,
      userId,
      role: plan.kind === 'GROUP' && userId === plan.createdById ? 'OWNER' : 'MEMBER',
    })),
  )
  await tx.query(
    'import-make-participants',
    `WITH joined AS (
       INSERT INTO participants (id, conversation_id, user_id, role, joined_at, last_activity_at)
       SELECT r.id, r.conversation_id, r.user_id, r.role::participant_role, c.created_at, c.created_at
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) AS r (id, conversation_id, user_id, role)
         JOIN conversations c ON c.id = r.conversation_id
     )
     INSERT INTO memberships (conversation_id, user_id, from_sequence)
     SELECT r.conversation_id, r.user_id, 1 FROM unnest($2::uuid[], $3::uuid[]) AS r (conversation_id, user_id)`,
    [
      stays.map(() => newId()),
      stays.map((stay) => stay.conversationId),
      stays.map((stay) => stay.userId),
      stays.map((stay) => stay.role),
    ],
  )
  await tx.query(
    'import-tell-of-conversations',
    `SELECT append_updates(array_agg(p.user_id), 'CONVERSATION_OPENED', p.conversation_id, NULL, NULL, NULL, NULL)
       FROM participants p WHERE p.conversation_id = ANY ($1::uuid[]) GROUP BY p.conversation_id`,
    [conversations.map((made) => made.conversationId)],
  )
  await tx.query(
    'import-audit-conversations',
    `SELECT record_audit(NULL, r.action, 'ALLOWED', 'Conversation', r.id, r.id, NULL, r.content_hash, NULL, $4, NULL)
       FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS r (id, action, content_hash)`,
    [
      conversations.map((made) => made.conversationId),
      conversations.map(({ plan }) =>
        plan.kind === 'GROUP' ? 'conversation.create_group' : 'conversation.open',
      ),
      conversations.map(({ titleSealed }) =>
        titleSealed === null ? null : createHash('sha256').update(titleSealed).digest(),
      ),
      ctx.requestId,
    ],
  )
}
