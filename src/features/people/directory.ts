import { BoundedMap } from '../../platform/bounded-map.js'
import type { Database } from '../../platform/db/database.js'
import type { UserRole } from '../../platform/db/types.js'
import { newId } from '../../platform/ids.js'
import type { Actor } from '../context.js'
import { longestName, textFault } from '../text.js'

const cachedPeople = 20_000
const freshMilliseconds = 2000

/** Somebody who may sign in, or may no longer. */
export interface KnownPerson extends Actor {
  readonly isActive: boolean
}

/**
 * Who the subjects of tokens are. An answer may be two seconds old, unless the bus has told of a change; what must hold
 * at once (no sends by a deactivated person) is asked again under its locks.
 */
export class Directory {
  private readonly known = new BoundedMap<string, { readonly person: KnownPerson; readonly until: number }>(
    cachedPeople,
  )

  constructor(private readonly db: Database) {}

  async find(externalId: string): Promise<KnownPerson | null> {
    if (externalId.includes('\0')) return null
    const cached = this.known.get(externalId)
    if (cached && cached.until > Date.now()) return cached.person
    const [person] = await this.db.query<KnownPerson>(
      'person-by-external-id',
      'SELECT id, external_id AS "externalId", role, is_active AS "isActive" FROM users WHERE external_id = $1',
      [externalId],
    )
    if (person) this.known.set(externalId, { person, until: Date.now() + freshMilliseconds })
    return person ?? null
  }

  /** Somebody changed: everything is asked anew. Rare enough to forget all. */
  forget(): void {
    this.known.clear()
  }

  /** Makes a person who is not there yet; several nodes may do so together. Null where the id can be nobody's. */
  async provision(externalId: string, role: UserRole, displayName: string): Promise<KnownPerson | null> {
    if (textFault(externalId, longestName) !== null) return null
    const name = textFault(displayName, longestName) === null ? displayName : externalId
    await this.db.query(
      'provision-person',
      `WITH made AS (
         INSERT INTO users (id, external_id, display_name, role) VALUES ($1::uuid, $2, $3, $4::user_role)
         ON CONFLICT DO NOTHING RETURNING id
       ), stream AS (
         INSERT INTO user_streams (user_id) SELECT id FROM made)
       SELECT record_audit(NULL, 'user.provision', 'ALLOWED', 'User', made.id, NULL, NULL, NULL, NULL, NULL, NULL) FROM made`,
      [newId(), externalId, name, role],
    )
    return this.find(externalId)
  }
}
