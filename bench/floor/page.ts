import type { Pool } from 'pg'

const columns = 'id, key, sender, body, sent_at AS "sentAt"'
const forward = `SELECT ${columns} FROM messages WHERE conversation = $1 AND id > $2 ORDER BY id LIMIT 50`
const backward = `SELECT ${columns} FROM messages WHERE conversation = $1 AND id < $2 ORDER BY id DESC LIMIT 50`

/** The least that can be a page of a history: one SELECT along an index, its rows as JSON, oldest first. */
export async function pageOf(pool: Pool, asked: URLSearchParams): Promise<string> {
  const isForward = asked.has('after')
  const { rows } = await pool.query<object>({
    name: isForward ? 'forward' : 'backward',
    text: isForward ? forward : backward,
    values: [asked.get('conversation'), asked.get('after') ?? asked.get('before')],
  })
  return JSON.stringify({ messages: isForward ? rows : rows.reverse() })
}
