import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type DistributionPostgres, startDistributionPostgres } from '../support/distribution-postgres.js'
import { faultsOf } from '../support/invariants.js'
import type { MessageShape, Person } from '../support/person.js'
import { updateCursor, updatesAfter } from '../support/updates-page.js'
import { environmentOf, World } from '../support/world.js'

// A database is backed up, goes on for a while, is lost, and comes back from the backup: with what an operator has.

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const live = 'parley'

let postgres: DistributionPostgres
let world: World
let doctor: Person
let patient: Person
let conversationId: string
/** What the history held when the backup was made. */
let kept: MessageShape[]
/** The patient's cursor, of after the backup. */
let cursor: string

beforeAll(async () => {
  postgres = await startDistributionPostgres()
  await postgres.tool('createdb', ['--maintenance-db', postgres.url('postgres'), live])
  const database = {
    name: live,
    connectionString: postgres.url(live),
    drop: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
  world = await World.start({ database, env: { MIGRATE: 'on' } })
  const pair = await world.pair()
  doctor = pair.doctor
  patient = pair.patient
  conversationId = pair.conversationId
  for (let n = 1; n <= 5; n++) await doctor.send(conversationId, `before the backup ${n}`)
  kept = await patient.history(conversationId)
  await postgres.tool('pg_dump', ['-Fc', '-f', 'backup', '-d', postgres.url(live)])
  for (let n = 1; n <= 4; n++) await doctor.send(conversationId, `lost ${n}`)
  cursor = await updateCursor(patient)
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await postgres.stop()
})

/** Stops the node, restores the backup, does what the operator does, and starts a node. */
beforeEach(async () => {
  for (const node of world.nodes.splice(0)) await node[Symbol.asyncDispose]()
  const maintenance = ['--maintenance-db', postgres.url('postgres')]
  await postgres.tool('dropdb', ['--force', ...maintenance, live])
  await postgres.tool('createdb', [...maintenance, live])
  await postgres.tool('pg_restore', ['-d', postgres.url(live), 'backup'])
})

const start = () => world.addNode()

async function expectEverythingBack(): Promise<void> {
  expect(await patient.history(conversationId)).toEqual(kept)
  expect(await faultsOf(world)).toEqual([])
}

/** The client's side: a reset, a refetch, and on it goes. */
async function expectReset(after: string): Promise<void> {
  expect(await updatesAfter(patient, after)).toMatchObject({
    updates: [{ change: { __typename: 'StreamReset', reason: 'EPOCH_CHANGED' } }],
    hasMore: false,
  })
  const stream = patient.follow(after)
  await stream.until((all) => all.length > 0)
  expect(stream.all[0]?.change).toMatchObject({ __typename: 'StreamReset', reason: 'EPOCH_CHANGED' })
  const { id } = await doctor.send(conversationId, 'after the restore')
  await stream.until((all) => JSON.stringify(all.at(-1)).includes(id))
  await stream.close()
}

test('with the epoch raised, every client starts over, and nothing of the backup is missing', async () => {
  const { stdout } = await run('npm', ['run', '--silent', 'raise-epoch'], {
    cwd: root,
    env: { ...process.env, ...environmentOf(postgres.url(live)) },
  })
  expect(stdout).toMatch(/^The epoch is 2 now/)
  await start()
  await expectEverythingBack()
  await expectReset(cursor)
})

test('without it, a cursor of what is lost starts over, too', async () => {
  await start()
  await expectEverythingBack()
  await expectReset(cursor)
})

test('without it, a position that was given again is not taken for the one that it was', async () => {
  await start()
  // More than was lost: the old cursor's position exists again, and is of another message.
  for (let n = 1; n <= 9; n++) await doctor.send(conversationId, `said instead ${n}`)
  await expectReset(cursor)
})

test('a cursor of before the backup goes on as if nothing had been', async () => {
  await start()
  const before = await updateCursor(patient)
  const { id } = await doctor.send(conversationId, 'one more')
  expect(await updatesAfter(patient, before)).toMatchObject({
    updates: [{ change: { __typename: 'MessageSent', message: { id } } }],
  })
})
