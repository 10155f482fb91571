import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ParleyProcess, until } from '../support/parley-process.js'
import type { MessageShape, Person } from '../support/person.js'
import { environmentOf, World } from '../support/world.js'

// Workers of their own, killed in the middle of what they do: after a repeat is written and before it is committed, and after
// a notification is handed over and before that is recorded.

const stages = { recording: 'INSERT', delivering: 'UPDATE' } as const
type Stage = keyof typeof stages

let world: World
let owner: Person
let members: Person[]
let groupId: string
let gate: pg.Client
const workers = new Map<string, ParleyProcess>()
const logs: ParleyProcess[] = []
let started = 0

beforeAll(async () => {
  world = await World.start({ env: { PARLEY_ROLE: 'api' } })
  owner = await world.person('DOCTOR')
  members = [await world.person('STAFF'), await world.person('CAREGIVER')]
  groupId = await world.group(owner, members)
  gate = new pg.Client({ connectionString: world.database.connectionString })
  await gate.connect()
  // Whoever writes notifications stops before the commit for as long as the gate is shut.
  await gate.query(`CREATE FUNCTION pass_gate() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared(hashtext(TG_OP)); RETURN NULL; END'`)
  await gate.query(`CREATE TRIGGER gate AFTER INSERT OR UPDATE ON notifications EXECUTE FUNCTION pass_gate()`)
})
afterEach(async () => {
  for (const name of [...workers.keys()]) await kill(name)
  await open()
})
afterAll(async () => {
  await gate.end()
  await world[Symbol.asyncDispose]()
})

const shut = (stage: Stage) => gate.query('SELECT pg_advisory_lock(hashtext($1))', [stages[stage]])
const open = () => gate.query('SELECT pg_advisory_unlock_all()')

/** Starts a worker, whose connections bear its name. */
async function startWorker(): Promise<string> {
  const name = `worker-${++started}`
  const env = { PARLEY_ROLE: 'worker', LOG_LEVEL: 'info', PGAPPNAME: name }
  const worker = ParleyProcess.start(environmentOf(world.database.connectionString, { env }))
  workers.set(name, worker)
  logs.push(worker)
  await worker.printed(/ready url/)
  return name
}

async function kill(name: string): Promise<void> {
  await workers.get(name)?.end('SIGKILL')
  workers.delete(name)
}

/** Adds a job that nobody else would add; the cron of the workers goes on beside it. */
const addJob = () => gate.query(`SELECT graphile_worker.add_job('repeat-urgent')`)

/** The worker that stands before the gate. */
async function held(): Promise<string> {
  return until(async () => {
    const { rows } = await gate.query<{ name: string }>(
      `SELECT application_name AS name FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`,
    )
    return rows.map(({ name }) => name).find((name) => workers.has(name))
  }, 'a worker before the gate')
}

/** Waits until PostgreSQL has noticed that a worker is dead, and has undone what it had not committed. */
const noticed = (name: string) =>
  until(async () => {
    const { rows } = await gate.query('SELECT 1 FROM pg_stat_activity WHERE application_name = $1', [name])
    return rows.length === 0
  }, `${name} to be gone`)

async function urgentMessages(count: number): Promise<MessageShape[]> {
  const messages: MessageShape[] = []
  for (let n = 0; n < count; n++)
    messages.push(await owner.send(groupId, `Urgent ${n}`, { priority: 'URGENT' }))
  return messages
}

/** Lets five minutes pass, by moving all repeats into the past; with the gate shut, so that no cron comes in between. */
const passFiveMinutes = () =>
  gate.query(`WITH moved AS (UPDATE urgent_repeats SET due_at = due_at - interval '5 minutes')
              UPDATE notifications SET due_at = due_at - interval '5 minutes'`)

const isSettled = async () => {
  const { rows } = await gate.query(
    `SELECT 1 FROM urgent_repeats WHERE due_at <= clock_timestamp()
     UNION ALL SELECT 1 FROM notifications WHERE sent_at IS NULL LIMIT 1`,
  )
  return rows.length === 0
}

interface Row {
  readonly id: string
  readonly userId: string
  readonly attempt: number
  readonly apart: number | null
}

/** Each message was repeated to everybody up to this attempt, once each, due exactly five minutes apart. */
async function expectRepeats(messages: readonly MessageShape[], attempts: number): Promise<void> {
  const due = members
    .map(({ rowId }) => rowId)
    .toSorted()
    .flatMap((userId) =>
      Array.from({ length: attempts }, (_, index) => ({
        userId,
        attempt: index + 1,
        apart: index === 0 ? null : 300,
      })),
    )
  const printed = logs.map(({ stdout, stderr }) => `${stdout}${stderr}`).join('\n')
  for (const { id } of messages) {
    const { rows } = await gate.query<Row>(
      `SELECT id, user_id AS "userId", attempt,
              extract(epoch FROM due_at - lag(due_at) OVER (PARTITION BY user_id ORDER BY attempt))::float8 AS apart
         FROM notifications WHERE message_id = $1::uuid AND sent_at IS NOT NULL ORDER BY user_id, attempt`,
      [Buffer.from(id, 'base64url').toString().split(':')[1]],
    )
    expect(rows.map(({ id: _, ...row }) => row)).toEqual(due)
    expect(rows.filter((row) => !printed.includes(row.id))).toEqual([])
  }
}

test.each(['recording', 'delivering'] as const)(
  'killed while %s, again and again: no repeat is lost, none doubled',
  async (stage) => {
    const messages = await urgentMessages(4)
    await startWorker()
    for (let attempt = 1; attempt <= 6; attempt++) {
      await startWorker()
      await shut(stage)
      await passFiveMinutes()
      await addJob()
      const name = await held()
      await kill(name)
      // Undone, since nobody commits it; or committed by PostgreSQL, which has not noticed yet that the worker is dead.
      if (attempt % 2 === 0) await noticed(name)
      await open()
      await addJob()
      await until(isSettled, 'the repeats')
      await expectRepeats(messages, attempt)
    }
    await passFiveMinutes()
    await addJob()
    await until(isSettled, 'nothing')
    await expectRepeats(messages, 6)
    const { rows } = await gate.query('SELECT 1 FROM urgent_repeats')
    expect(rows).toEqual([])
  },
)

test('the next minute of any worker does what a killed one has left, whose job stays locked', async () => {
  const messages = await urgentMessages(2)
  await startWorker()
  await shut('recording')
  await passFiveMinutes()
  await addJob()
  const name = await held()
  await kill(name)
  await noticed(name)
  await open()
  await expectRepeats(messages, 0)
  await startWorker()
  await expect.poll(isSettled, { timeout: 90_000, interval: 500 }).toBe(true)
  await expectRepeats(messages, 1)
  const { rows } = await gate.query<{ locked: number }>(
    `SELECT count(*)::int AS locked FROM graphile_worker.jobs
      WHERE task_identifier = 'repeat-urgent' AND locked_at IS NOT NULL`,
  )
  expect(rows[0]?.locked).toBeGreaterThan(0)
  await gate.query('DELETE FROM urgent_repeats')
})

test('a worker that is asked to stop finishes what it is doing', async () => {
  const messages = await urgentMessages(2)
  const name = await startWorker()
  const worker = workers.get(name)
  await shut('recording')
  await passFiveMinutes()
  await addJob()
  expect(await held()).toBe(name)
  const ended = worker?.end('SIGTERM')
  await worker?.printed(/stopping/)
  await open()
  expect(await ended).toBe(0)
  const { rows } = await gate.query<{ recorded: number }>(
    'SELECT count(*)::int AS recorded FROM notifications WHERE message_id = ANY ($1::uuid[])',
    [messages.map(({ id }) => Buffer.from(id, 'base64url').toString().split(':')[1])],
  )
  expect(rows).toEqual([{ recorded: 4 }])
  await startWorker()
  await addJob()
  await until(isSettled, 'the rest')
  await expectRepeats(messages, 1)
  await gate.query('DELETE FROM urgent_repeats')
})
