import { connect, type Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { describeWithRedis } from '../support/cluster.js'
import type { Person } from '../support/person.js'
import { silentBus } from '../support/silent-bus.js'
import { Stream } from '../support/stream.js'
import { allUpdatesAfter, updateCursor } from '../support/updates-page.js'
import { token, World } from '../support/world.js'

vi.setConfig({ testTimeout: 90_000 })

const bodies =
  'subscription ($after: String) { updates(after: $after) { cursor change { __typename ... on MessageSent { message { sequence body } } } } }'

const bodiesOf = (stream: Stream): unknown[] =>
  stream.updates.map(({ change }) => {
    const message = change?.message
    return typeof message === 'object' && message && 'body' in message ? message.body : null
  })

/** Sends so many over one socket without waiting for answers: they commit in this order. */
async function burst(person: Person, conversationId: string, count: number, filler = ''): Promise<string[]> {
  const socket = person.socket()
  const texts = Array.from({ length: count }, (_, index) => `message ${index + 1}${filler}`)
  await Promise.all(
    texts.map(
      (body) =>
        new Promise<void>((resolve, reject) =>
          socket.subscribe(
            {
              query:
                'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { ... on SendMessagePayload { message { id } } ... on Error { code } } }',
              variables: { input: { conversationId, clientMessageId: crypto.randomUUID(), body } },
            },
            { next: () => {}, error: reject, complete: resolve },
          ),
        ),
    ),
  )
  await socket.dispose()
  return texts
}

/** Waits until the stream holds so many durable updates. */
async function received(stream: Stream, count: number): Promise<void> {
  await expect.poll(() => stream.updates.length, { timeout: 40_000 }).toBeGreaterThanOrEqual(count)
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}

/** How long from here until the stream holds so many messages. */
async function timeUntil(stream: Stream, count: number): Promise<number> {
  const start = performance.now()
  await stream.change('MessageSent', count)
  return performance.now() - start
}

test('1,000 messages in a burst arrive once each, in order, on two devices and on two nodes', async () => {
  await using world = await World.start({ nodes: 2 })
  const { patient, doctor, conversationId } = await world.pair()
  const devices = [doctor, doctor.at(1), patient].map((person) => new Stream(person.socket(), null, bodies))
  for (const device of devices) await device.caughtUp()
  const texts = await burst(patient, conversationId, 1000)
  for (const device of devices) {
    await received(device, 1000)
    expect(bodiesOf(device)).toEqual(texts)
    expect(new Set(device.updates.map((update) => update.cursor)).size).toBe(1000)
    await device.close()
  }
})

test('with every hint lost, the sweep delivers within 2 s, on the sender’s node and on others', async () => {
  await using world = await World.start({ nodes: 2, overrides: { bus: silentBus } })
  const { patient, doctor, conversationId } = await world.pair()
  const devices = [doctor.follow(), doctor.at(1).follow()]
  for (const device of devices) await device.caughtUp()
  const times: number[] = []
  for (const round of [1, 2, 3]) {
    await patient.send(conversationId, `round ${round}`)
    times.push(...(await Promise.all(devices.map((device) => timeUntil(device, round)))))
  }
  expect(median(times)).toBeLessThan(2000)
  await burst(patient, conversationId, 300)
  for (const device of devices) {
    await received(device, 303)
    expect(device.updates).toHaveLength(303)
    await device.close()
  }
})

test('who does not read for a while catches up without loss, and nobody waits for them', async () => {
  await using world = await World.start()
  const { patient, doctor, conversationId } = await world.pair()
  const start = await updateCursor(doctor)
  const slow = await slowDevice(world, doctor)
  const quick = doctor.follow()
  await quick.caughtUp()
  slow.socket.pause()
  const count = 400
  await burst(patient, conversationId, count, 'x'.repeat(4900))
  await received(quick, count)
  await quick.close()
  slow.socket.resume()
  const all = await allUpdatesAfter(doctor, start)
  await expect.poll(() => slow.cursors(), { timeout: 40_000 }).toEqual(all.map((update) => update.cursor))
  slow.socket.destroy()
})

describeWithRedis('delivery over Redis', (redisUrl) => {
  test('reaches another node in less than half a second', async () => {
    await using world = await World.start({ nodes: 2, redisUrl })
    const { patient, doctor, conversationId } = await world.pair(0, 1)
    const stream = doctor.follow()
    await stream.caughtUp()
    await patient.send(conversationId, 'the first one makes the connections')
    await stream.change('MessageSent')
    const times: number[] = []
    for (let round = 2; round <= 12; round++) {
      await patient.send(conversationId, `round ${round}`)
      times.push(await timeUntil(stream, round))
    }
    expect(median(times)).toBeLessThan(500)
    expect(stream.updates).toHaveLength(12)
    await stream.close()
  })
})

/** A subscription over SSE whose bytes the test lets through or holds back. */
async function slowDevice(
  world: World,
  person: Person,
): Promise<{ socket: Socket; cursors: () => string[] }> {
  const { hostname, port, pathname } = new URL(world.url(person.node))
  // Together more than the buffers of the kernel and of the follower hold.
  const texts = Array.from({ length: 12 }, (_, index) => `text${index}: body`).join(' ')
  const body = JSON.stringify({ query: bodies.replace('{ sequence body }', `{ sequence ${texts} }`) })
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.setEncoding('utf8').on('data', (text) => {
    received += text
  })
  socket.write(
    `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n` +
      `Authorization: Bearer ${await token(person.externalId)}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  await expect.poll(() => received).toContain('CaughtUp')
  const cursors = () =>
    [...received.matchAll(/"cursor":"([\w-]+)","change":\{"__typename":"MessageSent"/g)].map(
      (match) => match[1] ?? '',
    )
  return { socket, cursors }
}
