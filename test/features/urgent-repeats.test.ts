import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../../src/platform/log.js'
import { consoleNotifier } from '../../src/platform/notify/console.js'
import type { Notification, Notifier } from '../../src/platform/notify/notifier.js'
import { until } from '../support/parley-process.js'
import type { MessageShape, Person } from '../support/person.js'
import { World } from '../support/world.js'

/** A channel that keeps what it is given, and refuses some. */
class Channel implements Notifier {
  readonly taken: Notification[] = []
  readonly refused = new Set<string>()

  async notify(notification: Notification): Promise<void> {
    if (this.refused.has(notification.userId)) throw new Error('this device is away')
    this.taken.push(notification)
  }

  /** Whom it was given repeats of a message, in the order in which it was. */
  repeatsOf({ id }: MessageShape): [userId: string, attempt: number][] {
    return this.taken
      .filter(({ messageId }) => messageId === rowIdOf(id))
      .map(({ userId, attempt }) => [userId, attempt])
  }
}

const channel = new Channel()
let world: World
beforeAll(async () => {
  // Each node is a worker too.
  world = await World.start({ nodes: 2, overrides: { notifier: channel } })
})
afterAll(() => world[Symbol.asyncDispose]())

/** Has some worker do a job now, and waits until it is done. */
async function run(task: string): Promise<void> {
  const [job] = await world.sql<{ id: string }>(
    'SELECT (graphile_worker.add_job($1, max_attempts => 1)).id::text AS id',
    [task],
  )
  const left = () =>
    world.sql<{ last_error: string | null }>(
      'SELECT last_error FROM graphile_worker.jobs WHERE id = $1::bigint',
      [job?.id],
    )
  await until(async () => {
    const [row] = await left()
    if (row?.last_error) throw new Error(`the job failed: ${row.last_error}`)
    return !row
  }, task)
}

const urgent = (by: Person, conversationId: string) =>
  by.send(conversationId, 'Please answer at once.', { priority: 'URGENT' })

/** Lets five minutes pass for a message, by moving all that has to do with it into the past, and repeats what is due. */
async function passFiveMinutes({ id }: MessageShape): Promise<void> {
  await world.sql(
    `WITH moved AS (UPDATE urgent_repeats SET due_at = due_at - interval '5 minutes' WHERE message_id = $1::uuid)
     UPDATE notifications SET due_at = due_at - interval '5 minutes' WHERE message_id = $1::uuid`,
    [rowIdOf(id)],
  )
  await run('repeat-urgent')
}

const nextOf = ({ id }: MessageShape) =>
  world.sql<{ attempt: number }>('SELECT attempt FROM urgent_repeats WHERE message_id = $1::uuid', [
    rowIdOf(id),
  ])

const sortedUsers = (...people: Person[]) => people.map(({ rowId }) => rowId).toSorted()

async function team() {
  const [owner, staff, caregiver] = await Promise.all([
    world.person('DOCTOR'),
    world.person('STAFF'),
    world.person('CAREGIVER', 1),
  ])
  return { owner, staff, caregiver, group: await world.group(owner, [staff, caregiver]) }
}

test('six repeats, each due exactly five minutes after the one before, and no seventh', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const message = await urgent(doctor, conversationId)
  await run('repeat-urgent')
  expect(channel.repeatsOf(message)).toEqual([])
  for (let attempt = 1; attempt <= 8; attempt++) await passFiveMinutes(message)
  const ids = [rowIdOf(message.id)]
  const recorded = await world.sql<{ id: string; attempt: number; isSent: boolean; apart: number | null }>(
    `SELECT id, attempt, sent_at IS NOT NULL AS "isSent",
            extract(epoch FROM due_at - lag(due_at) OVER (ORDER BY attempt))::float8 AS apart
       FROM notifications WHERE message_id = $1::uuid ORDER BY attempt`,
    ids,
  )
  expect(recorded.map(({ id: _, ...rest }) => rest)).toEqual(
    [1, 2, 3, 4, 5, 6].map((attempt) => ({ attempt, isSent: true, apart: attempt === 1 ? null : 300 })),
  )
  const [first] = await world.sql<{ late: number }>(
    `SELECT extract(epoch FROM n.due_at + interval '40 minutes' - m.sent_at)::float8 AS late
       FROM notifications n JOIN messages m ON m.id = n.message_id WHERE m.id = $1::uuid AND n.attempt = 1`,
    ids,
  )
  expect(first?.late).toBeCloseTo(300, 1)
  expect(channel.taken.filter(({ messageId }) => messageId === ids[0])).toEqual(
    recorded.map(({ id, attempt }) => ({
      id,
      kind: 'URGENT_REPEAT',
      attempt,
      userId: patient.rowId,
      messageId: ids[0],
      conversationId: rowIdOf(conversationId),
    })),
  )
  expect(await nextOf(message)).toEqual([])
})

test('who acknowledges is not asked again; when all have, it ends', async () => {
  const { owner, staff, caregiver, group } = await team()
  const message = await urgent(owner, group)
  await passFiveMinutes(message)
  expect(channel.repeatsOf(message).toSorted()).toEqual(
    sortedUsers(staff, caregiver).map((userId) => [userId, 1]),
  )
  await staff.must(acknowledgement, { input: { messageId: message.id } })
  await passFiveMinutes(message)
  expect(channel.repeatsOf(message).slice(2)).toEqual([[caregiver.rowId, 2]])
  await caregiver.must(acknowledgement, { input: { messageId: message.id } })
  await passFiveMinutes(message)
  expect(channel.repeatsOf(message)).toHaveLength(3)
  expect(await nextOf(message)).toEqual([])
})

test('what is deleted is not repeated, nor what is routine', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const message = await urgent(doctor, conversationId)
  await passFiveMinutes(message)
  await doctor.mutate('deleteMessage', { messageId: message.id, scope: 'EVERYONE' })
  await passFiveMinutes(message)
  expect(channel.repeatsOf(message)).toEqual([[patient.rowId, 1]])
  expect(await nextOf(message)).toEqual([])
  expect(await nextOf(await doctor.send(conversationId, 'When you have time.'))).toEqual([])
})

test('asked are those who were there and still are, and may see it', async () => {
  const { owner, staff, caregiver, group } = await team()
  const [blocker, hider, gone, late] = await Promise.all([
    world.person('STAFF'),
    world.person('STAFF'),
    world.person('STAFF'),
    world.person('STAFF'),
  ])
  const userIds = [blocker, hider, gone].map(({ id }) => id)
  await owner.mutate('addParticipants', { conversationId: group, userIds })
  await blocker.mutate('blockUser', { userId: owner.id })
  const message = await urgent(owner, group)
  await owner.mutate('addParticipants', { conversationId: group, userIds: [late.id] })
  await hider.mutate('deleteMessage', { messageId: message.id, scope: 'ME' })
  await owner.mutate('removeParticipant', { conversationId: group, userId: staff.id })
  await gone.upsert({ isActive: false })
  await passFiveMinutes(message)
  expect(channel.repeatsOf(message)).toEqual([[caregiver.rowId, 1]])
  // Nobody is left who is asked.
  await owner.mutate('removeParticipant', { conversationId: group, userId: caregiver.id })
  await passFiveMinutes(message)
  expect(await nextOf(message)).toEqual([])
})

test('workers that were away repeat once, and then five minutes later', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const message = await urgent(doctor, conversationId)
  await world.sql(
    `UPDATE urgent_repeats SET due_at = clock_timestamp() - interval '1 hour' WHERE message_id = $1::uuid`,
    [rowIdOf(message.id)],
  )
  await run('repeat-urgent')
  expect(channel.repeatsOf(message)).toEqual([[patient.rowId, 1]])
  const [next] = await world.sql<{ attempt: number; seconds: number }>(
    `SELECT attempt, extract(epoch FROM due_at - clock_timestamp())::float8 AS seconds FROM urgent_repeats
      WHERE message_id = $1::uuid`,
    [rowIdOf(message.id)],
  )
  expect(next).toEqual({ attempt: 2, seconds: expect.closeTo(290, -2) })
  expect(next?.seconds).toBeLessThanOrEqual(300)
})

test('a repeat that is on record already is not recorded twice, and does not end the others', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const message = await urgent(doctor, conversationId)
  await world.sql(
    `INSERT INTO notifications (id, user_id, conversation_id, message_id, kind, attempt, due_at, sent_at)
     VALUES (gen_random_uuid(), $1::uuid, $2::uuid, $3::uuid, 'URGENT_REPEAT', 1, clock_timestamp(), clock_timestamp())`,
    [patient.rowId, rowIdOf(conversationId), rowIdOf(message.id)],
  )
  await passFiveMinutes(message)
  expect(await nextOf(message)).toEqual([{ attempt: 2 }])
  await passFiveMinutes(message)
  expect(channel.repeatsOf(message)).toEqual([[patient.rowId, 2]])
})

test('what a channel refuses waits for the next run, stops nobody else’s, and is dropped once acknowledged', async () => {
  const { owner, staff, caregiver, group } = await team()
  const message = await urgent(owner, group)
  channel.refused.add(staff.rowId)
  await passFiveMinutes(message)
  expect(channel.repeatsOf(message)).toEqual([[caregiver.rowId, 1]])
  const unsent = await world.sql<{ id: string }>(
    'SELECT id FROM notifications WHERE message_id = $1::uuid AND sent_at IS NULL',
    [rowIdOf(message.id)],
  )
  expect(unsent).toHaveLength(1)
  channel.refused.clear()
  await run('repeat-urgent')
  await run('repeat-urgent')
  expect(channel.repeatsOf(message)).toEqual([
    [caregiver.rowId, 1],
    [staff.rowId, 1],
  ])
  expect(channel.taken.at(-1)?.id).toBe(unsent[0]?.id)

  channel.refused.add(staff.rowId)
  await passFiveMinutes(message)
  await staff.must(acknowledgement, { input: { messageId: message.id } })
  channel.refused.clear()
  await run('repeat-urgent')
  expect(channel.repeatsOf(message).slice(2)).toEqual([[caregiver.rowId, 2]])
})

test('two workers that run at once repeat each message once', async () => {
  const { owner, staff, caregiver, group } = await team()
  const messages: MessageShape[] = []
  for (let n = 0; n < 60; n++) messages.push(await urgent(owner, group))
  await world.sql(
    `UPDATE urgent_repeats SET due_at = clock_timestamp() WHERE message_id = ANY ($1::uuid[])`,
    [messages.map(({ id }) => rowIdOf(id))],
  )
  await Promise.all(Array.from({ length: 6 }, () => run('repeat-urgent')))
  const both = sortedUsers(staff, caregiver).map((userId) => [userId, 1])
  expect(messages.map((message) => channel.repeatsOf(message).toSorted())).toEqual(messages.map(() => both))
})

test('notifications are forgotten after 30 days', async () => {
  const { patient } = await world.pair()
  await world.sql(
    `INSERT INTO notifications (id, user_id, kind, attempt, due_at, sent_at)
     SELECT gen_random_uuid(), $1::uuid, 'URGENT_REPEAT', n, clock_timestamp() - make_interval(days => n),
            CASE WHEN n % 2 = 0 THEN clock_timestamp() END
       FROM (SELECT 29 AS n UNION ALL SELECT 31 UNION ALL SELECT 32 FROM generate_series(1, 2100)) x`,
    [patient.rowId],
  )
  await run('forget-notifications')
  expect(
    await world.sql('SELECT attempt FROM notifications WHERE user_id = $1::uuid', [patient.rowId]),
  ).toEqual([{ attempt: 29 }])
})

test('the console gets a line of ids for each', async () => {
  const lines: string[] = []
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } })
  const ids = { id: 'a', userId: 'b', messageId: 'c', conversationId: 'd' }
  await consoleNotifier(log).notify({ ...ids, kind: 'URGENT_REPEAT', attempt: 2 })
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      level: 'info',
      time: expect.any(String),
      ...ids,
      kind: 'URGENT_REPEAT',
      attempt: 2,
      msg: 'a notification',
    },
  ])
})

const acknowledgement = `mutation ($input: AcknowledgeMessageInput!) {
  acknowledgeMessage(input: $input) { __typename ... on Error { code detail } } }`

function rowIdOf(globalId: string): string {
  return Buffer.from(globalId, 'base64url').toString().split(':')[1] ?? ''
}
