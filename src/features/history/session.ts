import { setTimeout as sleep } from 'node:timers/promises'
import type { OperatorConnection } from '../../platform/db/operator-connection.js'
import { StartupError } from '../../platform/startup-error.js'

// What a killed run was doing may still be under way.
const patienceMs = 10_000
const pollMs = 250

/**
 * Makes a connection the one that imports into this database, for as long as it lives, with a table of its own for what
 * the conversations of the file are called. Throws StartupError while another import runs.
 */
export async function beginImport(db: OperatorConnection): Promise<void> {
  const giveUpAt = performance.now() + patienceMs
  while (!(await db.tryLock('parley:import'))) {
    if (performance.now() > giveUpAt)
      throw new StartupError('Another import runs on this database. Wait until it has ended.')
    await sleep(pollMs)
  }
  await db.query(
    'make-import-conversations',
    'CREATE TEMPORARY TABLE import_conversations (external_id text PRIMARY KEY, conversation_id uuid NOT NULL UNIQUE)',
    [],
  )
}
