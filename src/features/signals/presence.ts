import type { Availability } from '../../platform/db/types.js'
import type { Services } from '../context.js'
import { visiblePresenceSql } from './policy.js'
import type { Connectedness } from './presence-board.js'

/** How somebody shows themselves to one viewer. */
export interface Presence {
  readonly userId: string
  readonly isOnline: boolean
  readonly availability: Availability
  readonly lastSeenAt: Date | null
}

/** Whose presence, and who wants to see it. */
export interface PresenceKey {
  readonly viewerId: string
  readonly userId: string
}

interface Shown {
  readonly viewerId: string
  readonly userId: string
  readonly availability: Availability
  readonly lastSeenAt: Date | null
}

/** A presence as it was read. `isGuess`: the leases are out of reach, so that nobody knows who is connected elsewhere. */
export interface PresenceReading extends Presence {
  readonly isGuess: boolean
}

/**
 * How each of these people shows themselves to their viewer now; null: not at all. One statement and one look at the leases
 * for all of them.
 */
export async function presencesOf(
  { db, config, presence }: Pick<Services, 'db' | 'config' | 'presence'>,
  keys: readonly PresenceKey[],
): Promise<(PresenceReading | null)[]> {
  const userIds = [...new Set(keys.map((key) => key.userId))]
  const [rows, states] = await Promise.all([
    db.query<Shown>(
      'presences',
      `SELECT k.viewer_id AS "viewerId", u.id AS "userId", u.availability, u.last_seen_at AS "lastSeenAt"
         FROM unnest($1::uuid[], $2::uuid[]) AS k (viewer_id, user_id)
         JOIN users v ON v.id = k.viewer_id
         JOIN users u ON u.id = k.user_id
        WHERE ${visiblePresenceSql('$3')}`,
      [keys.map((key) => key.viewerId), keys.map((key) => key.userId), config.messagingPolicy === 'open'],
    ),
    presence.connectedness(userIds),
  ])
  const connected = new Map(userIds.map((userId, index) => [userId, states[index] ?? null]))
  const shown = new Map(rows.map((row) => [`${row.viewerId}:${row.userId}`, row]))
  return keys.map(({ viewerId, userId }) => {
    const row = shown.get(`${viewerId}:${userId}`)
    if (!row) return null
    const state = connected.get(userId) ?? null
    return { ...shownAs(row, state ?? { isConnected: false, vanishedAt: null }), isGuess: state === null }
  })
}

/** INVISIBLE looks to everybody else like having left at that moment, and is known to its owner alone. */
function shownAs({ viewerId, userId, availability, lastSeenAt }: Shown, state: Connectedness): Presence {
  const isInvisible = availability === 'INVISIBLE'
  const isOnline = state.isConnected && !isInvisible
  const isOwn = viewerId === userId
  return {
    userId,
    isOnline,
    availability: isOnline || (isInvisible && isOwn) ? availability : 'AWAY',
    lastSeenAt: isOnline ? null : isInvisible ? lastSeenAt : later(lastSeenAt, state.vanishedAt),
  }
}

/** What is left to say of somebody who may no longer be seen: no more than of anybody who is away. */
export function away(userId: string): Presence {
  return { userId, isOnline: false, availability: 'AWAY', lastSeenAt: null }
}

function later(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other
  return one > other ? one : other
}
