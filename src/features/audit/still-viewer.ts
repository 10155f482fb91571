import { UnauthenticatedError } from '../../errors.js'
import type { Tx } from '../../platform/db/database.js'
import type { Actor } from '../context.js'

/**
 * Whether the viewer is still active and what they came in as, asked under the lock of their stream, which a deactivation
 * and a new role take: what has been answered to those, no request under way undoes. Throws UnauthenticatedError.
 */
export async function assertStillViewer(tx: Tx, viewer: Actor): Promise<void> {
  const stored = await tx.user.findUniqueOrThrow({
    where: { id: viewer.id },
    select: { isActive: true, role: true },
  })
  if (!stored.isActive || stored.role !== viewer.role) {
    throw new UnauthenticatedError('This account has changed. Sign in again.', true)
  }
}
