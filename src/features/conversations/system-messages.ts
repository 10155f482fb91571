import type { Tx } from '../../platform/db/database.js'
import type { SystemEventKind } from '../../platform/db/types.js'
import { newId } from '../../platform/ids.js'

export interface SystemMessage {
  readonly conversationId: string
  readonly kind: SystemEventKind
  readonly actorId: string
  readonly subjectId?: string
  /** What it says (the new title), sealed for the message of this id. */
  readonly text?: { readonly messageId: string; readonly sealed: Uint8Array }
  /** Who has just left and is still to see it. */
  readonly alsoFor?: readonly string[]
}

/** Says in the conversation what happened to it; returns the message's sequence. The transaction holds all locks. */
export async function writeSystemMessage(tx: Tx, message: SystemMessage): Promise<number> {
  const [row] = await tx.$queryRaw<{ sequence: number }[]>`
    SELECT write_system_message_v2(${message.text?.messageId ?? newId()}::uuid, ${message.conversationId}::uuid, ${message.kind}::system_event_kind,
      ${message.actorId}::uuid, ${message.subjectId ?? null}::uuid, ${message.text?.sealed ?? null}::bytea,
      ${message.alsoFor ?? []}::uuid[]) AS sequence`
  if (!row) throw new Error('write_system_message answered nothing')
  return row.sequence
}
