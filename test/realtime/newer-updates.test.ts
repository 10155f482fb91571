import { afterAll, beforeAll, expect, test } from 'vitest'
import { knownKinds } from '../../src/features/stream/kinds.js'
import { updateFields } from '../support/documents.js'
import type { Person } from '../support/person.js'
import { SseStream } from '../support/sse.js'
import { Stream } from '../support/stream.js'
import { askUpdates, updateCursor, updatesAfter } from '../support/updates-page.js'
import { World } from '../support/world.js'

const document = `subscription ($after: String) { updates(after: $after) { ...UpdateFields } } ${updateFields}`
const unavailable = {
  message: 'The service is busy. Try again shortly.',
  path: ['updates'],
  locations: [{ line: expect.any(Number), column: expect.any(Number) }],
  extensions: { code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 1 },
}

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

/** What a newer node of the same deployment writes. */
const writeNewer = (person: Person, kind = 'EXPORT_FINISHED') =>
  world.sql('SELECT append_updates(ARRAY[$1::uuid], $2::update_kind, NULL, NULL, NULL, NULL, NULL)', [
    person.rowId,
    kind,
  ])

/** Follows over a socket, and tells how the socket ended. */
function followToTheEnd(person: Person, after: string | null) {
  const socket = person.socket()
  const closed = new Promise<unknown>((resolve) =>
    socket.on('closed', (event) => {
      const { code, reason } = event as CloseEvent
      resolve([code, reason])
    }),
  )
  return { stream: new Stream(socket, after, document), closed }
}

test('a socket is closed with 1012 before the row, in the backlog and live', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const start = await updateCursor(doctor)
  const live = followToTheEnd(doctor, null)
  await live.stream.caughtUp()
  await patient.send(conversationId, 'known')
  await writeNewer(doctor)
  await patient.send(conversationId, 'behind it')
  expect(await live.closed).toEqual([1012, 'Service restart'])
  const backlog = followToTheEnd(doctor, start)
  expect(await backlog.closed).toEqual([1012, 'Service restart'])
  for (const { stream } of [live, backlog]) {
    expect(stream.updates).toMatchObject([
      { change: { __typename: 'MessageSent', message: { body: 'known' } } },
    ])
    expect((await updatesAfter(doctor, start, 1)).endCursor).toBe(stream.lastCursor)
  }
})

test('SSE gets SERVICE_UNAVAILABLE and complete; so does a page that reaches so far', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const start = await updateCursor(doctor)
  await patient.send(conversationId, 'known')
  await writeNewer(doctor)
  const sse = await SseStream.open(doctor, document, { after: start })
  await expect.poll(() => sse.isOver).toBe(true)
  expect(sse.events).toEqual([
    { event: 'next', data: { data: { updates: (await updatesAfter(doctor, start, 1)).updates[0] } } },
    { event: 'next', data: { data: null, errors: [unavailable] } },
    { event: 'complete', data: null },
  ])
  expect(await askUpdates(doctor, start, 2)).toEqual({
    status: 503,
    data: { updates: null },
    errors: [unavailable],
  })
})

test('every kind of the database is either known or refused', async () => {
  const kinds = await world.sql<{ kind: string }>(
    'SELECT unnest(enum_range(NULL::update_kind))::text AS kind',
  )
  const later = kinds.map(({ kind }) => kind).filter((kind) => !knownKinds.some((known) => known === kind))
  expect(knownKinds.length + later.length).toBe(kinds.length)
  const person = await world.person('PATIENT')
  for (const kind of later) {
    const before = await updateCursor(person)
    await writeNewer(person, kind)
    expect((await askUpdates(person, before)).errors).toEqual([unavailable])
  }
})
