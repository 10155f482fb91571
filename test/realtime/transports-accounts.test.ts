import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisUrl } from '../support/cluster.js'
import { updateFields } from '../support/documents.js'
import { RawSocket } from '../support/raw-socket.js'
import { holdConversation } from '../support/row-lock.js'
import { SseStream } from '../support/sse.js'
import { token, World } from '../support/world.js'

const follow = 'subscription { updates { change { __typename } } }'
const send = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessagePayload { message { body } } ... on Error { code } } }`

describe.each([
  ['with hints', true],
  ['without', false],
])('live connections on two nodes, %s', (_name, isHinting) => {
  const redis = isHinting ? redisUrl() : null
  let world: World
  beforeAll(async () => {
    world = await World.start({ nodes: 2, ...(redis === null ? {} : { redisUrl: redis }) })
  })
  afterAll(async () => {
    await world[Symbol.asyncDispose]()
  })

  test.each([
    ['deactivation', { isActive: false }],
    ['another role', { role: 'CAREGIVER' }],
  ])('end within five seconds of %s, and nobody else’s do', async (_change, changes) => {
    const person = await world.person('STAFF')
    const other = await world.person('STAFF')
    const sockets = await Promise.all([RawSocket.of(person), RawSocket.of(person.at(1))])
    const bystander = await RawSocket.of(other.at(1))
    const streams = await Promise.all([SseStream.open(person, follow), SseStream.open(person.at(1), follow)])
    for (const socket of sockets) await socket.subscribe('s', follow)
    for (const socket of sockets) await socket.until(() => socket.of('s').length === 1)
    const start = performance.now()
    await person.upsert(changes)
    for (const socket of sockets) {
      expect(await socket.ended).toEqual({ code: 4403, reason: 'Forbidden' })
      expect(socket.of('s')).toEqual([
        { id: 's', type: 'next', payload: { data: { updates: { change: { __typename: 'CaughtUp' } } } } },
      ])
    }
    for (const stream of streams) {
      await expect.poll(() => stream.isOver, { timeout: 5000 }).toBe(true)
      expect(stream.events.slice(1)).toMatchObject([
        { event: 'next', data: { data: null, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } },
        { event: 'complete' },
      ])
    }
    expect(performance.now() - start).toBeLessThan(5000)
    await bystander.subscribe('1', '{ viewer { unreadCount } }')
    expect(await bystander.answer('1')).toHaveLength(2)
    bystander.socket.close()
  })

  test('who comes back under another role keeps that connection', async () => {
    const person = await world.person('STAFF')
    const before = await RawSocket.of(person)
    await person.upsert({ role: 'CAREGIVER' })
    const after = await RawSocket.of(person)
    expect(await before.ended).toEqual({ code: 4403, reason: 'Forbidden' })
    await after.subscribe('s', follow)
    await after.until(() => after.of('s').length === 1)
    await person.upsert({ isActive: false })
    expect(await after.ended).toEqual({ code: 4403, reason: 'Forbidden' })
  })
})

test('a node that stops answers what runs, closes sockets with 1001, ends SSE, and takes no more', async () => {
  await using world = await World.start({ nodes: 2 })
  const { patient, doctor, conversationId } = await world.pair(1, 1)
  const [idle, busy] = [await RawSocket.of(doctor), await RawSocket.of(patient)]
  await idle.subscribe('s', `subscription { updates { ...UpdateFields } } ${updateFields}`)
  await idle.until(() => idle.of('s').length === 1)
  const sse = await SseStream.open(doctor, follow)
  await expect.poll(() => sse.events.length).toBe(1)

  const lock = await holdConversation(world, conversationId)
  const input = (body: string) => ({ conversationId, clientMessageId: randomUUID(), body })
  await busy.subscribe('m', send, { variables: { input: input('over the socket') } })
  const overHttp = fetch(world.url(1), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await token(patient.externalId)}`,
    },
    body: JSON.stringify({ query: send, variables: { input: input('over HTTP') } }),
  })
  // Both sends are with the database once something waits for the lock.
  await expect
    .poll(() =>
      world.sql(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      ),
    )
    .not.toEqual([])
  const start = performance.now()
  const stopped = world.nodes[1]?.[Symbol.asyncDispose]()
  expect(await idle.ended).toEqual({ code: 1001, reason: 'Going away' })
  // The stream was not completed: its client goes on with it at another node.
  expect(idle.of('s').map((frame) => frame.type)).toEqual(['next'])
  await lock[Symbol.asyncDispose]()
  expect(await busy.ended).toEqual({ code: 1001, reason: 'Going away' })
  expect(busy.of('m')).toEqual([
    { id: 'm', type: 'next', payload: { data: { sendMessage: { message: { body: 'over the socket' } } } } },
    { id: 'm', type: 'complete' },
  ])
  const answer = await overHttp
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { data: { sendMessage: { message: { body: 'over HTTP' } } } },
  ])
  await stopped
  expect(performance.now() - start).toBeLessThan(5000)
  expect(sse.events.at(-1)).toEqual({ event: 'complete', data: null })
  await expect(fetch(world.url(1))).rejects.toThrow()
})
