import type { Database, Tx } from '../../platform/db/database.js'
import type { Origin } from '../context.js'

export interface AuditFacts {
  /** `subject.verb`, e.g. `message.edit`. */
  readonly action: string
  readonly subjectType: 'User' | 'Conversation' | 'Message' | 'Appointment'
  readonly subjectId: string
  readonly conversationId?: string
  readonly messageIds?: readonly string[]
  /** SHA-256 of the ciphertext that was written. */
  readonly contentHash?: Uint8Array<ArrayBuffer>
  readonly reasonSealed?: Uint8Array<ArrayBuffer>
}

/** Records a write in its own transaction: without the record there is no write. */
export async function recordWrite(
  tx: Tx,
  by: Origin & { viewer: { id: string } | null },
  facts: AuditFacts,
): Promise<void> {
  await tx.$executeRaw`SELECT record_audit(${by.viewer?.id ?? null}::uuid, ${facts.action}, 'ALLOWED'::audit_outcome,
    ${facts.subjectType}, ${facts.subjectId}::uuid, ${facts.conversationId ?? null}::uuid,
    ${facts.messageIds ?? null}::uuid[], ${facts.contentHash ?? null}::bytea, ${facts.reasonSealed ?? null}::bytea,
    ${by.requestId}, ${by.address})`
}

const tables = {
  User: 'users',
  Conversation: 'conversations',
  Message: 'messages',
  Appointment: 'appointments',
} as const

/** Records a refusal, once its transaction has been rolled back. What does not exist at all leaves no record. */
export async function recordRefusal(
  db: Database,
  by: Origin & { viewer: { id: string } },
  facts: Pick<AuditFacts, 'action' | 'subjectType' | 'subjectId' | 'conversationId'>,
): Promise<void> {
  const table = tables[facts.subjectType]
  await db.query(
    `audit-refusal-${table}`,
    `SELECT record_audit($1::uuid, $2, 'DENIED', $3, s.id, $7::uuid, NULL, NULL, NULL, $5, $6) FROM ${table} s WHERE s.id = $4::uuid`,
    [
      by.viewer.id,
      facts.action,
      facts.subjectType,
      facts.subjectId,
      by.requestId,
      by.address,
      facts.conversationId ?? null,
    ],
  )
}
