import type { Tx } from '../../platform/db/database.js'
import type { SystemEventKind } from '../../platform/db/types.js'
import { newId } from '../../platform/ids.js'

export interface SystemMessage {
  readonly conversationId: string
  readonly kind: SystemEventKind
  readonly actorId: string
  readonly subjectId?: string
  /** Who has just left and is still to see it. */
  readonly alsoFor?: readonly string[]
}

/** Says in the conversation what happened to it; returns the message's sequence. The transaction holds all locks. */
export async function writeSystemMessage(tx: Tx, message: SystemMessage): Promise<number> {
  const [row] = await tx.$queryRaw<{ sequence: number }[]>`
    SELECT write_system_message(${newId()}::uuid, ${message.conversationId}::uuid, ${message.kind}::system_event_kind,
      ${message.actorId}::uuid, ${message.subjectId ?? null}::uuid, ${message.alsoFor ?? []}::uuid[]) AS sequence`
  if (!row) throw new Error('write_system_message answered nothing')
  return row.sequence
}
