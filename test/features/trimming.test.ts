import { afterAll, beforeAll, expect, test } from 'vitest'
import { trimUpdates } from '../../src/features/stream/trim.js'
import { faultsOf } from '../support/invariants.js'
import { allUpdatesAfter, updateCursor, updatesAfter } from '../support/updates-page.js'
import { World } from '../support/world.js'

// Old partitions of the update streams are dropped, and nobody is told less than that.

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(() => world[Symbol.asyncDispose]())

const partitions = async () => {
  const rows = await world.sql<{ name: string }>(
    "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'updates'::regclass ORDER BY 1",
  )
  return rows.map(({ name }) => name)
}

/** Makes a partition of a week some weeks ago, as a database has that has been running since. */
async function partitionOf(weeksAgo: number): Promise<string> {
  const name = `updates_${weeksAgo}_weeks_ago`
  await world.sql(
    `DO $$ BEGIN EXECUTE format('CREATE TABLE ${name} PARTITION OF updates FOR VALUES FROM (%L) TO (%L)',
       (date_trunc('week', clock_timestamp() AT TIME ZONE 'UTC') - interval '${weeksAgo} weeks') AT TIME ZONE 'UTC',
       (date_trunc('week', clock_timestamp() AT TIME ZONE 'UTC') - interval '${weeksAgo - 1} weeks') AT TIME ZONE 'UTC'); END $$`,
  )
  return name
}

test('only what is wholly older goes; a cursor from before is told so, one from after goes on', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const [old, kept] = [await partitionOf(7), await partitionOf(4)]
  const before = await partitions()
  const start = await updateCursor(patient)
  const { id } = await doctor.send(conversationId, 'seven weeks ago')
  const middle = await updateCursor(patient)
  // As if the week were over: the row, the stream and the cursor's time lie back.
  await world.sql(
    `UPDATE updates SET at = at - interval '49 days' WHERE kind = 'MESSAGE_SENT' AND message_id = $1::uuid`,
    [rowIdOf(id)],
  )
  await doctor.send(conversationId, 'today')

  expect(await trimUpdates(world.database.connectionString, 30)).toEqual([old])
  expect(await partitions()).toEqual(before.filter((name) => name !== old))
  expect(before).toContain(kept)
  expect(await trimUpdates(world.database.connectionString, 30)).toEqual([])

  expect(await updatesAfter(patient, start)).toMatchObject({
    updates: [{ change: { __typename: 'StreamReset', reason: 'EXPIRED' } }],
    hasMore: false,
  })
  expect(await allUpdatesAfter(patient, middle)).toMatchObject([
    { change: { __typename: 'MessageSent', message: { body: 'today' } } },
  ])
  const stream = patient.follow(start)
  await stream.until((all) => all[0]?.change?.__typename === 'StreamReset')
  await doctor.send(conversationId, 'after the reset')
  await stream.until((all) => JSON.stringify(all.at(-1)).includes('after the reset'))
  await stream.close()
})

test('a run that was interrupted between the two steps is finished by the next', async () => {
  const name = await partitionOf(9)
  // What an interrupted DETACH … CONCURRENTLY leaves.
  await world.sql(`UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = '${name}'::regclass`)
  expect(await trimUpdates(world.database.connectionString, 30)).toEqual([name])
  expect(await partitions()).not.toContain(name)
})

test('two at once do it once, while people send', async () => {
  const { doctor, conversationId } = await world.pair()
  const name = await partitionOf(8)
  const sending = Array.from({ length: 20 }, (_, n) => doctor.send(conversationId, `meanwhile ${n}`))
  const runs = await Promise.all([
    trimUpdates(world.database.connectionString, 30),
    trimUpdates(world.database.connectionString, 30),
  ])
  await Promise.all(sending)
  expect(runs.flat()).toEqual([name])
  expect(
    (await faultsOf(world)).map(({ rule }) => rule).filter((rule) => !/stream|position|told/.test(rule)),
  ).toEqual([])
})

function rowIdOf(id: string): string {
  return Buffer.from(id, 'base64url').toString().split(':')[1] ?? ''
}
