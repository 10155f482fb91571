import type { Actor } from '../context.js'

/** Who pins and unpins: in DIRECT both, in a GROUP its owners and the doctors; current participants in either. */
export function mayPin(
  viewer: Pick<Actor, 'role'>,
  conversation: { readonly kind: 'DIRECT' | 'GROUP' },
  participant: { readonly role: 'MEMBER' | 'OWNER'; readonly leftAt: Date | null },
): boolean {
  if (participant.leftAt !== null) return false
  return conversation.kind === 'DIRECT' || participant.role === 'OWNER' || viewer.role === 'DOCTOR'
}
