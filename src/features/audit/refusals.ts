import { DomainError } from '../../errors.js'
import type { VerbContext } from '../context.js'
import { type AuditFacts, recordRefusal } from './record.js'

const recorded = new Set(['FORBIDDEN', 'CANNOT_SEND', 'NOT_FOUND', 'EDIT_WINDOW_CLOSED'])

/** Runs a verb on a subject; when it is refused, the refusal is on record before the answer leaves. */
export async function recordingRefusals<T>(
  ctx: VerbContext,
  facts: Pick<AuditFacts, 'action' | 'subjectType' | 'subjectId' | 'conversationId'>,
  verb: () => Promise<T>,
): Promise<T> {
  try {
    return await verb()
  } catch (error) {
    if (error instanceof DomainError && recorded.has(error.code)) await recordRefusal(ctx.db, ctx, facts)
    throw error
  }
}
