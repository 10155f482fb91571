import { newId } from '../../platform/ids.js'
import type { ImportContext } from './context.js'
import { headsOf, lockForWrite, peopleOf, shortChunks, tellingOfRefusals } from './streams.js'

const perLook = 500

interface Named {
  readonly id: string
  readonly isImporting: boolean
  readonly people: number
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
      `SELECT c.id, c.importing_since IS NOT NULL AS "isImporting",
              (SELECT count(*) FROM participants p WHERE p.conversation_id = c.id)::int AS people
         FROM (SELECT i.conversation_id FROM import_conversations i
                WHERE $1::uuid IS NULL OR i.conversation_id > $1 ORDER BY i.conversation_id LIMIT ${perLook}) n
         JOIN conversations c ON c.id = n.conversation_id ORDER BY c.id`,
      [after],
    )
    const last = named.at(-1)
    if (!last) return true
    after = last.id
    const waiting = named.filter((conversation) => conversation.isImporting)
    for (const chunk of shortChunks(waiting, (conversation) => conversation.people)) {
      if (stop.aborted) return false
      await endSome(
        ctx,
        chunk.map((conversation) => conversation.id),
      )
      onEnded(chunk.length)
    }
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
    return headsOf(tx, await peopleOf(tx, conversationIds))
  })
  ctx.hints.streamsMoved(heads)
}
