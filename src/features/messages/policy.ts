import type { Prisma } from '../../platform/db/types.js'
import type { Actor } from '../context.js'
import { isStranger } from '../conversations/policy.js'
import type { MessageRow } from './rows.js'

/** A stay in a conversation, in sequences, both ends included. */
export interface Stay {
  readonly conversationId: string
  readonly fromSequence: number
  readonly toSequence: number | null
}

/**
 * Which messages a person may see, as a Prisma `where`: those of their stays that are not hidden from them.
 * Prisma can't compare columns of two tables, so the stays are given. `visibleMessageSql` is the same as SQL.
 */
export function visibleMessages(
  viewer: Pick<Actor, 'id' | 'role'>,
  stays: readonly Stay[],
): Prisma.MessageWhereInput {
  // Not `OR: []`, which Prisma drops inside an AND: everybody would see everything.
  if (isStranger(viewer.role) || stays.length === 0) return { id: { in: [] } }
  return {
    OR: stays.map(({ conversationId, fromSequence, toSequence }) => ({
      conversationId,
      sequence: { gte: fromSequence, ...(toSequence === null ? {} : { lte: toSequence }) },
    })),
    hiddenBy: { none: { userId: viewer.id } },
  }
}

/** Which messages (alias `m`) the person named by `userId`, an SQL expression, may see. `visibleMessages` as SQL. */
export function visibleMessageSql(userId: string): string {
  return `EXISTS (SELECT 1 FROM memberships vs JOIN users vu ON vu.id = vs.user_id
            WHERE vs.conversation_id = m.conversation_id AND vs.user_id = ${userId}
              AND vu.role NOT IN ('ADMIN', 'AUDITOR', 'SERVICE')
              AND m.sequence >= vs.from_sequence AND (vs.to_sequence IS NULL OR m.sequence <= vs.to_sequence))
          AND NOT EXISTS (SELECT 1 FROM hidden vh WHERE vh.user_id = ${userId} AND vh.message_id = m.id)`
}

/** Until when a message may be edited; an imported one never, however young. */
export function editableUntil(
  message: Pick<MessageRow, 'sentAt' | 'isImported'>,
  editWindowSeconds: number,
): Date {
  return new Date(message.sentAt.getTime() + (message.isImported ? 0 : editWindowSeconds * 1000))
}

/** Whether a person may turn a message into a tombstone for everyone: its sender at any time, an owner of the group. */
export function mayDeleteForEveryone(
  viewer: Pick<Actor, 'id'>,
  message: Pick<MessageRow, 'senderId' | 'kind'>,
  isCurrentOwner: boolean,
): boolean {
  return message.kind !== 'SYSTEM' && (message.senderId === viewer.id || isCurrentOwner)
}
