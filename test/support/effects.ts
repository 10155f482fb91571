import type { Person } from './person.js'
import { allUpdatesAfter, updateCursor } from './updates-page.js'

/** What this doing told each of these people: the changes' types, and whose and which emoji where they say so. */
export async function told(people: readonly Person[], doing: () => Promise<unknown>): Promise<string[][]> {
  const cursors = await Promise.all(people.map(updateCursor))
  await doing()
  return Promise.all(
    people.map(async (person, index) => {
      const updates = await allUpdatesAfter(person, cursors[index] ?? '')
      return updates.map(({ change }) => {
        const user = change?.user as { externalId: string } | undefined
        return [change?.__typename, user?.externalId, change?.emoji].filter(Boolean).join(' ')
      })
    }),
  )
}

export interface Recorded {
  readonly action: string
  readonly outcome: string
  readonly subject: string
  readonly messages: string[] | null
}

/** What a person's doing added to the record, reads left out. */
export async function recorded(by: Person, doing: () => Promise<unknown>): Promise<Recorded[]> {
  const { world } = by
  const [last] = await world.sql<{ id: string }>('SELECT coalesce(max(id), 0)::text AS id FROM audit_events')
  await doing()
  return world.sql<Recorded>(
    `SELECT action, outcome, subject_type || ' ' || subject_id AS subject, message_ids AS messages FROM audit_events
      WHERE id > $1::bigint AND actor_id = $2::uuid AND request_id IS NOT NULL AND ip_address IS NOT NULL
        AND action NOT LIKE '%.read' ORDER BY id`,
    [last?.id, by.rowId],
  )
}
