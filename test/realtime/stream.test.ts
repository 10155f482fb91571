import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentBus } from '../support/silent-bus.js'
import type { UpdateShape } from '../support/stream.js'
import { allUpdatesAfter, askUpdates, updateCursor, updatesAfter } from '../support/updates-page.js'
import { World } from '../support/world.js'

const changesOf = (updates: readonly UpdateShape[]) => updates.map((update) => update.change)

describe.each([
  ['hints', {}],
  ['hints lost', { overrides: { bus: silentBus } }],
])('the update stream, with %s', (_name, options) => {
  let world: World
  beforeAll(async () => {
    world = await World.start(options)
  })
  afterAll(async () => {
    await world[Symbol.asyncDispose]()
  })

  test('after: null says CaughtUp at once, and then what happens', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    await patient.send(conversationId, 'before')
    const cursor = await updateCursor(doctor)
    const stream = doctor.follow()
    await stream.caughtUp()
    expect(stream.all).toEqual([
      {
        cursor,
        at: expect.any(String),
        conversation: null,
        conversationUnreadCount: null,
        viewerUnreadCount: 1,
        change: { __typename: 'CaughtUp', replayed: 0 },
      },
    ])
    const sent = await patient.send(conversationId, 'after')
    await stream.change('MessageSent')
    expect(stream.updates).toEqual([
      {
        cursor: await updateCursor(doctor),
        at: expect.any(String),
        conversation: { id: conversationId },
        conversationUnreadCount: 2,
        viewerUnreadCount: 2,
        change: { __typename: 'MessageSent', message: { ...sent, clientMessageId: null } },
      },
    ])
    await stream.close()
  })

  test('with a cursor comes the backlog, then CaughtUp, then live; the page says the same', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const start = await updateCursor(doctor)
    for (const body of ['one', 'two', 'three']) await patient.send(conversationId, body)
    const second = (await doctor.history(conversationId))[1]?.id
    await doctor.mutate('markRead', { conversationId, upToMessageId: second })
    await doctor.mutate('deleteMessage', { messageId: second, scope: 'ME' })

    const stream = doctor.follow(start)
    await stream.caughtUp()
    const backlog = await allUpdatesAfter(doctor, start)
    expect(stream.all.slice(0, -1)).toEqual(backlog)
    expect(changesOf(backlog)).toMatchObject([
      { __typename: 'MessageSent', message: { body: 'one' } },
      null,
      { __typename: 'MessageSent', message: { body: 'three' } },
      { __typename: 'MessagesRead', upToMessageId: second, upToSequence: 2 },
      { __typename: 'MessageHidden', messageId: second },
    ])
    expect(stream.all.at(-1)).toMatchObject({
      cursor: backlog.at(-1)?.cursor,
      viewerUnreadCount: 1,
      change: { __typename: 'CaughtUp', replayed: 5 },
    })
    expect(backlog.map((update) => [update.conversationUnreadCount, update.viewerUnreadCount])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [1, 1],
      [1, 1],
    ])

    await patient.send(conversationId, 'four')
    await stream.change('MessageSent', 3)
    expect(stream.updates).toEqual(await allUpdatesAfter(doctor, start))
    await stream.close()
  })

  test('a page ends where it was told to, goes on from its cursor, and from any update’s', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const start = await updateCursor(doctor)
    for (let index = 0; index < 5; index++) await patient.send(conversationId, `${index}`)
    const all = await updatesAfter(doctor, start)
    expect(all).toMatchObject({ hasMore: false, endCursor: all.updates[4]?.cursor })
    expect(all.updates).toHaveLength(5)
    expect(await allUpdatesAfter(doctor, start, 2)).toEqual(all.updates)
    expect(await updatesAfter(doctor, start, 2)).toEqual({
      updates: all.updates.slice(0, 2),
      endCursor: all.updates[1]?.cursor,
      hasMore: true,
    })
    for (const [index, { cursor }] of all.updates.entries()) {
      const rest = all.updates.slice(index + 1)
      expect(await updatesAfter(doctor, cursor)).toEqual({
        updates: rest,
        endCursor: rest.at(-1)?.cursor ?? cursor,
        hasMore: false,
      })
    }
    expect(all.updates.map((update) => update.at)).toEqual(all.updates.map((update) => update.at).sort())
  })

  test('counters are absolute and stand in the stream of each: two conversations, a read, a deletion', async () => {
    const { patient, doctor, conversationId: first } = await world.pair()
    const other = await world.person('PATIENT')
    await world.appointment(other, doctor)
    const second = await doctor.open(other)
    const start = await updateCursor(doctor)
    await patient.send(first, 'a')
    const { id } = await other.send(second, 'b')
    const last = await other.send(second, 'c')
    await other.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' })
    await doctor.mutate('markRead', { conversationId: second, upToMessageId: last.id })
    await doctor.send(first, 'd')
    const updates = await allUpdatesAfter(doctor, start)
    expect(
      updates.map((update) => [
        update.change?.__typename,
        update.conversation?.id === first ? 'first' : 'second',
        update.conversationUnreadCount,
        update.viewerUnreadCount,
      ]),
    ).toEqual([
      ['MessageSent', 'first', 1, 1],
      ['MessageSent', 'second', 1, 2],
      ['MessageSent', 'second', 2, 3],
      ['MessageDeleted', 'second', 1, 2],
      ['MessagesRead', 'second', 0, 1],
      ['MessageSent', 'first', 1, 1],
    ])
  })

  test('a cursor that is forged, cut short or another person’s is INVALID_INPUT on both', async () => {
    const { patient, doctor } = await world.pair()
    const own = await updateCursor(doctor)
    const flipped = `${own.slice(0, 5)}${own[5] === 'A' ? 'B' : 'A'}${own.slice(6)}`
    const wrong = [
      await updateCursor(patient),
      flipped,
      own.slice(0, -2),
      `${own}A`,
      '',
      'x',
      '\0',
      own.repeat(20),
    ]
    for (const after of wrong) {
      expect(await askUpdates(doctor, after)).toEqual({
        status: 200,
        data: { updates: null },
        errors: [
          {
            message: 'after: This is no cursor of your update stream.',
            path: ['updates'],
            locations: [{ line: 2, column: 3 }],
            extensions: { code: 'INVALID_INPUT' },
          },
        ],
      })
      const stream = doctor.follow(after)
      await stream.ended()
      expect([stream.all, stream.errors]).toMatchObject([
        [],
        [
          {
            message: 'after: This is no cursor of your update stream.',
            extensions: { code: 'INVALID_INPUT' },
          },
        ],
      ])
      await stream.close()
    }
    for (const first of [0, -1, 101, 1_000_000_000]) {
      expect(await askUpdates(doctor, own, first)).toMatchObject({
        data: { updates: null },
        errors: [{ extensions: { code: 'INVALID_INPUT' } }],
      })
    }
  })
})
