import type { Ground } from '../ground.js'
import { assertPage, type Place, placeKey, type Read, type Shape } from '../history.js'
import { exchange } from '../http.js'
import { list, number, text } from '../json.js'
import { bodyOf } from '../line.js'
import type { Server } from '../servers.js'

/** Fills the floor's table with the same messages in the same order, as fast as SQL can; answers how its pages are read. */
export async function floorHistory(
  ground: Ground,
  server: Server,
  { messages, conversations }: Shape,
  places: readonly Place[],
): Promise<Read> {
  const others = Math.max(1, conversations - 1)
  await ground.query(
    'floor',
    `INSERT INTO messages (conversation, sender, recipient, key, body)
     SELECT 'history-' || c, 'person-' || s % 2, 'person-' || (s + 1) % 2, s, s || '${bodyOf(0).slice(1)}'
       FROM generate_series(0, ${messages - 1}) AS i
      CROSS JOIN LATERAL (SELECT ${conversations} = 1 OR i % 10 = 0 AS long, i - 1 - i / 10 AS rest) AS r
      CROSS JOIN LATERAL (
        SELECT CASE WHEN long THEN 0 ELSE 1 + rest % ${others} END AS c,
               CASE WHEN ${conversations} = 1 THEN i + 1 WHEN long THEN i / 10 + 1 ELSE rest / ${others} + 1 END AS s) AS m
      ORDER BY i`,
  )
  await ground.settle()
  const keys = [...new Set(places.map(({ from }) => from))].join()
  const rows = await ground.query(
    'floor',
    `SELECT conversation, key, id::text FROM messages WHERE key IN (${keys}) AND conversation LIKE 'history-%'`,
  )
  const ids = new Map(
    rows.map((row) => {
      const conversation = Number(text(row, 'conversation').slice('history-'.length))
      return [placeKey(conversation, number(row, 'key')), text(row, 'id')]
    }),
  )
  return async (place) => {
    const began = performance.now()
    const id = ids.get(placeKey(place.conversation, place.from)) ?? 'none'
    const asked = new URLSearchParams({
      conversation: `history-${place.conversation}`,
      [place.kind === 'backwards' ? 'before' : 'after']: id,
    })
    const page: unknown = JSON.parse(await exchange({ url: `${server.http}page?${asked}` }))
    const took = performance.now() - began
    assertPage(
      place,
      list(page, 'messages').map((message) => number(message, 'key')),
    )
    return took
  }
}
