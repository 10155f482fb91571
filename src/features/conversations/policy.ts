import type { Prisma, UserRole } from '../../platform/db/types.js'
import type { Actor } from '../context.js'

/** Those who administer or integrate take part in no conversation: to the verbs of members they are strangers. */
export function isStranger(role: UserRole): boolean {
  return role === 'ADMIN' || role === 'AUDITOR' || role === 'SERVICE'
}

/** Which conversations a person may see, as a Prisma `where`: those they have or had a stay in. */
export function visibleConversations(viewer: Pick<Actor, 'id' | 'role'>): Prisma.ConversationWhereInput {
  return isStranger(viewer.role) ? { id: { in: [] } } : { memberships: { some: { userId: viewer.id } } }
}

/** `visibleConversations` as SQL, for the table alias `c` and the person named by the expression `userId`. */
export function visibleConversationSql(userId: string): string {
  return `EXISTS (SELECT 1 FROM memberships vs JOIN users vu ON vu.id = vs.user_id
            WHERE vs.conversation_id = c.id AND vs.user_id = ${userId}
              AND vu.role NOT IN ('ADMIN', 'AUDITOR', 'SERVICE'))`
}

/** Who may ever own a group. */
export function mayOwnGroups(role: UserRole): boolean {
  return role === 'DOCTOR' || role === 'STAFF'
}

/** Who may close and reopen: in DIRECT the doctor, in a GROUP its owners; current participants in either. */
export function mayClose(
  viewer: Pick<Actor, 'id'>,
  conversation: { kind: 'DIRECT' | 'GROUP'; doctorId: string | null },
  participant: { role: 'MEMBER' | 'OWNER'; leftAt: Date | null },
): boolean {
  if (participant.leftAt !== null) return false
  return conversation.kind === 'DIRECT' ? conversation.doctorId === viewer.id : participant.role === 'OWNER'
}
