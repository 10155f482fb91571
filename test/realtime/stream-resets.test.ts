import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { Stream } from '../support/stream.js'
import { allUpdatesAfter, updateCursor, updatesAfter } from '../support/updates-page.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const raiseEpoch = () => world.sql('UPDATE deployment SET epoch = epoch + 1, changed_at = clock_timestamp()')

/** Takes the stream back by so many positions, as a failover that lost commits does. */
async function takeBack(person: Person, count: number): Promise<void> {
  await world.sql(
    'DELETE FROM updates WHERE user_id = $1::uuid AND "position" > (SELECT "position" - $2 FROM user_streams WHERE user_id = $1::uuid)',
    [person.rowId, count],
  )
  await world.sql('UPDATE user_streams SET "position" = "position" - $2 WHERE user_id = $1::uuid', [
    person.rowId,
    count,
  ])
}

async function trimUpTo(person: Person, position: number): Promise<void> {
  await world.sql('DELETE FROM updates WHERE user_id = $1::uuid AND "position" <= $2', [
    person.rowId,
    position,
  ])
}

/** The page is one reset from the head; the subscription says so, is caught up, and goes on live. */
async function expectReset(
  { patient, doctor, conversationId }: { patient: Person; doctor: Person; conversationId: string },
  after: string,
  reason: string,
): Promise<void> {
  const head = await updateCursor(doctor)
  const page = await updatesAfter(doctor, after)
  expect(page).toEqual({
    updates: [
      {
        cursor: head,
        at: expect.any(String),
        conversation: null,
        conversationUnreadCount: null,
        viewerUnreadCount: expect.any(Number),
        change: { __typename: 'StreamReset', reason },
      },
    ],
    endCursor: head,
    hasMore: false,
  })
  const stream = doctor.follow(after)
  await stream.caughtUp()
  await patient.send(conversationId, `after ${reason}`)
  await stream.change('MessageSent')
  expect(stream.all).toMatchObject([
    page.updates[0] ?? {},
    { cursor: head, change: { __typename: 'CaughtUp', replayed: 0 } },
    { change: { __typename: 'MessageSent', message: { body: `after ${reason}` } } },
  ])
  expect((await updatesAfter(doctor, head)).updates).toEqual(stream.all.slice(2))
  await stream.close()
}

describe('a cursor after which something is missing', () => {
  test('trimmed: EXPIRED, unless what follows the cursor is kept', async () => {
    const pair = await world.pair()
    const { patient, doctor, conversationId } = pair
    const start = await updateCursor(doctor)
    for (const body of ['1', '2', '3', '4']) await patient.send(conversationId, body)
    const updates = await allUpdatesAfter(doctor, start)
    const [first, second, third] = updates
    // The opening is the first of the stream, so the second message is its third.
    await trimUpTo(doctor, 3)
    await expectReset(pair, start, 'EXPIRED')
    await expectReset(pair, first?.cursor ?? '', 'EXPIRED')
    expect((await updatesAfter(doctor, second?.cursor ?? '', 2)).updates).toEqual(updates.slice(2))
    await trimUpTo(doctor, 1_000_000)
    await expectReset(pair, third?.cursor ?? '', 'EXPIRED')
    await trimUpTo(doctor, 1_000_000)
    const head = await updateCursor(doctor)
    expect(await updatesAfter(doctor, head)).toEqual({ updates: [], endCursor: head, hasMore: false })
  })

  test('another epoch, or ahead of the stream: EPOCH_CHANGED', async () => {
    const pair = await world.pair()
    const { patient, doctor, conversationId } = pair
    await patient.send(conversationId, 'lost by the failover')
    const ahead = await updateCursor(doctor)
    await takeBack(doctor, 1)
    await expectReset(pair, ahead.slice(), 'EPOCH_CHANGED').catch(() => {
      throw new Error('a cursor ahead of the stream was taken')
    })
    const former = await updateCursor(doctor)
    await raiseEpoch()
    await expectReset(pair, former, 'EPOCH_CHANGED')
  })
})

describe('a backlog of more than 10,000', () => {
  const short =
    'subscription ($after: String) { updates(after: $after) { cursor change { __typename ... on StreamReset { reason } ... on CaughtUp { replayed } } } }'

  async function addRows(person: Person, count: number): Promise<void> {
    await world.sql(
      `INSERT INTO updates (user_id, "position", at, kind, viewer_unread)
       SELECT s.user_id, s."position" + n, clock_timestamp(), 'VIEWER_CHANGED', 0
         FROM user_streams s, generate_series(1, $2::int) n WHERE s.user_id = $1::uuid`,
      [person.rowId, count],
    )
    await world.sql(
      'UPDATE user_streams SET "position" = "position" + $2, at = clock_timestamp() WHERE user_id = $1::uuid',
      [person.rowId, count],
    )
  }

  test('is a reset for the subscription alone: the query pages through it; 10,000 are replayed', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const start = await updateCursor(doctor)
    await addRows(doctor, 10_001)
    const head = await updateCursor(doctor)
    const reset = new Stream(doctor.socket(), start, short)
    await reset.caughtUp()
    await patient.send(conversationId, 'live again')
    await reset.change('MessageSent')
    expect(reset.all).toEqual([
      { cursor: head, change: { __typename: 'StreamReset', reason: 'BACKLOG_TOO_LONG' } },
      { cursor: head, change: { __typename: 'CaughtUp', replayed: 0 } },
      { cursor: await updateCursor(doctor), change: { __typename: 'MessageSent' } },
    ])
    await reset.close()

    const cursors: string[] = []
    for (let after = start, more = true; more; ) {
      const { updates } = await doctor.must<{
        updates: { updates: { cursor: string }[]; endCursor: string; hasMore: boolean }
      }>('query ($after: String!) { updates(after: $after) { updates { cursor } endCursor hasMore } }', {
        after,
      })
      cursors.push(...updates.updates.map((update) => update.cursor))
      after = updates.endCursor
      more = updates.hasMore
    }
    expect(new Set(cursors).size).toBe(10_002)

    const replayed = new Stream(doctor.socket(), cursors[1] ?? '', short)
    await replayed.caughtUp()
    expect(replayed.all.at(-1)?.change).toEqual({ __typename: 'CaughtUp', replayed: 10_000 })
    expect(replayed.updates.map((update) => update.cursor)).toEqual(cursors.slice(2))
    await replayed.close()
  })
})

describe('while connected', () => {
  test.each([
    ['another epoch', () => raiseEpoch()],
    ['positions that went back', (doctor: Person) => takeBack(doctor, 2)],
  ])('%s resets the stream by the sweep, and it goes on live', async (_name, happen) => {
    const { patient, doctor, conversationId } = await world.pair()
    const stream = doctor.follow()
    await stream.caughtUp()
    for (const body of ['one', 'two', 'three']) await patient.send(conversationId, body)
    await stream.change('MessageSent', 3)
    await happen(doctor)
    await stream.change('StreamReset')
    const head = await updateCursor(doctor)
    await patient.send(conversationId, 'four')
    await stream.change('MessageSent', 4)
    expect(stream.updates.slice(3)).toMatchObject([
      { cursor: head, change: { __typename: 'StreamReset', reason: 'EPOCH_CHANGED' } },
      { change: { __typename: 'MessageSent', message: { body: 'four' } } },
    ])
    expect((await updatesAfter(doctor, head)).updates).toEqual(stream.updates.slice(4))
    await stream.close()
  })

  test('another epoch before the first sweep is not missed', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const stream = doctor.follow()
    await stream.caughtUp()
    await raiseEpoch()
    await stream.change('StreamReset')
    await patient.send(conversationId, 'one')
    await stream.change('MessageSent')
    expect(stream.updates).toMatchObject([
      { change: { __typename: 'StreamReset', reason: 'EPOCH_CHANGED' } },
      { change: { __typename: 'MessageSent' } },
    ])
    await stream.close()
  })
})
