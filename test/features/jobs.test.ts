import { afterAll, beforeAll, expect, test } from 'vitest'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(() => world[Symbol.asyncDispose]())

test('what a killed worker held is done by another within minutes, and what one is doing is left alone', async () => {
  const person = await world.person('STAFF')
  const add = async (name: string, heldFor: string) => {
    await world.sql(
      "SELECT graphile_worker.add_job('tell-conversations', $1::json, run_at := now() + interval '1 hour', job_key := $2)",
      [JSON.stringify({ userId: person.rowId }), name],
    )
    await world.sql(
      `UPDATE graphile_worker._private_jobs SET locked_by = $1, locked_at = now() - $2::interval, run_at = now() WHERE key = $1`,
      [name, heldFor],
    )
  }
  await add('worker-that-was-killed', '11 minutes')
  await add('worker-that-works', '9 minutes')
  await world.sql("SELECT graphile_worker.add_job('free-jobs')")
  const left = () => world.sql<{ key: string }>('SELECT key FROM graphile_worker.jobs ORDER BY key')
  await expect.poll(left, { timeout: 10_000 }).toEqual([{ key: 'worker-that-works' }])
})
