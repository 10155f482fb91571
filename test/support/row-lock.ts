import pg from 'pg'
import type { World } from './world.js'

/** Holds a conversation's row, so that what writes to it waits; until disposed of. */
export async function holdConversation(world: World, conversationId: string): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString: world.database.connectionString })
  await client.connect()
  await client.query('BEGIN')
  const rowId = Buffer.from(conversationId, 'base64url').toString().split(':')[1]
  await client.query('SELECT 1 FROM conversations WHERE id = $1::uuid FOR UPDATE', [rowId])
  let isHeld = true
  return {
    [Symbol.asyncDispose]: async () => {
      if (isHeld) await client.end()
      isHeld = false
    },
  }
}
