import { newId } from '../../platform/ids.js'
import type { ImportContext } from './context.js'
import { headsOf, lockForWrite, tellingOfRefusals } from './streams.js'

// Each of them writes to the streams of its people, which stay locked until the commit.
const perTransaction = 100

interface Named {
  readonly id: string
  readonly isImporting: boolean
}

/**
 * Ends the import of all conversations that the file has named: HISTORY_IMPORTED marks the place, and they are open to
 * sends again unless something else closes them. What is ended already stays as it is. False: stopped before the last one.
 */
export async function endImports(
  ctx: ImportContext,
  stop: AbortSignal,
  onEnded: (conversations: number) => void,
): Promise<boolean> {
  let after: string | null = null
  while (!stop.aborted) {
    const named: Named[] = await ctx.db.query<Named>(
      'import-named',
      `SELECT c.id, c.importing_since IS NOT NULL AS "isImporting"
         FROM (SELECT i.conversation_id FROM import_conversations i
                WHERE $1::uuid IS NULL OR i.conversation_id > $1 ORDER BY i.conversation_id LIMIT ${perTransaction}) n
         JOIN conversations c ON c.id = n.conversation_id ORDER BY c.id`,
      [after],
    )
    const last = named.at(-1)
    if (!last) return true
    after = last.id
    const waiting = named.filter((conversation) => conversation.isImporting)
    if (waiting.length === 0) continue
    await endSome(
      ctx,
      waiting.map((conversation) => conversation.id),
    )
    onEnded(waiting.length)
  }
  return false
}

async function endSome(ctx: ImportContext, conversationIds: readonly string[]): Promise<void> {
  const heads = await ctx.db.transaction(async (tx) => {
    await lockForWrite(tx, conversationIds, [])
    await tellingOfRefusals(tx, conversationIds, ctx.isOpenPolicy, async () => {
      await tx.query(
        'import-open',
        'UPDATE conversations SET importing_since = NULL WHERE id = ANY ($1::uuid[])',
        [conversationIds],
      )
    })
    await tx.query(
      'import-mark-end',
      `SELECT write_system_message(x.message_id, x.id, 'HISTORY_IMPORTED', NULL, NULL, '{}'),
              record_audit(NULL, 'conversation.end_import', 'ALLOWED', 'Conversation', x.id, x.id, NULL, NULL, NULL, $3, NULL)
         FROM unnest($1::uuid[], $2::uuid[]) AS x (id, message_id)`,
      [conversationIds, conversationIds.map(() => newId()), ctx.requestId],
    )
    const people = await tx.query<{ userId: string }>(
      'import-people-of',
      'SELECT DISTINCT user_id AS "userId" FROM participants WHERE conversation_id = ANY ($1::uuid[]) AND left_at IS NULL',
      [conversationIds],
    )
    return headsOf(
      tx,
      people.map((person) => person.userId),
    )
  })
  ctx.hints.streamsMoved(heads)
}
