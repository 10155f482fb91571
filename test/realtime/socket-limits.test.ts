import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { token, World } from '../support/world.js'

// What a socket may do, and how it is told that it may not: over the protocol itself.

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(() => world[Symbol.asyncDispose]())

interface Frame {
  readonly id?: string
  readonly type: string
  readonly payload?: unknown
}

async function open(subject: string): Promise<{ socket: WebSocket; frames: Frame[] }> {
  const socket = new WebSocket(world.url().replace('http', 'ws'), 'graphql-transport-ws')
  const frames: Frame[] = []
  socket.on('message', (data) => frames.push(JSON.parse(String(data))))
  await once(socket, 'open')
  socket.send(
    JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${await token(subject)}` } }),
  )
  return { socket, frames }
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close')
  return code
}

test('fifty subscriptions run on a socket; one more is RATE_LIMITED until another ends', async () => {
  const person = await world.person('STAFF')
  const { socket, frames } = await open(person.externalId)
  await expect.poll(() => frames[0]?.type).toBe('connection_ack')
  const subscribe = (id: string) =>
    socket.send(
      JSON.stringify({ id, type: 'subscribe', payload: { query: 'subscription { updates { cursor } }' } }),
    )
  for (let n = 1; n <= 51; n++) subscribe(`s${n}`)
  await expect.poll(() => frames.filter(({ type }) => type === 'next')).toHaveLength(50)
  await expect
    .poll(() => frames.filter(({ type }) => type === 'error'))
    .toMatchObject([{ id: 's51', payload: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 1 } }] }])
  // Queries are answered all the same, and a place that is given up is taken.
  socket.send(JSON.stringify({ id: 'q', type: 'subscribe', payload: { query: '{ viewer { id } }' } }))
  await expect.poll(() => frames.some(({ id, type }) => id === 'q' && type === 'complete')).toBe(true)
  socket.send(JSON.stringify({ id: 's1', type: 'complete' }))
  subscribe('again')
  await expect.poll(() => frames.some(({ id, type }) => id === 'again' && type === 'next')).toBe(true)
  // The same id given up and taken again and again opens no door.
  for (let n = 0; n < 30; n++) {
    socket.send(JSON.stringify({ id: 's2', type: 'complete' }))
    subscribe('s2')
  }
  subscribe('one too many')
  await expect.poll(() => frames.some(({ id, type }) => id === 'one too many' && type === 'error')).toBe(true)
  socket.close()
})

test('a person has twenty sockets; the next closes with 4429 until one is given up; others are not concerned', async () => {
  const person = await world.person('STAFF')
  const other = await world.person('STAFF')
  const sockets = await Promise.all(Array.from({ length: 20 }, () => open(person.externalId)))
  for (const { frames } of sockets) await expect.poll(() => frames[0]?.type).toBe('connection_ack')
  const tooMany = await open(person.externalId)
  expect(await closeCode(tooMany.socket)).toBe(4429)
  const others = await open(other.externalId)
  await expect.poll(() => others.frames[0]?.type).toBe('connection_ack')
  sockets[0]?.socket.close()
  await expect
    .poll(async () => {
      const { socket, frames } = await open(person.externalId)
      await Promise.race([closeCode(socket), expect.poll(() => frames[0]?.type).toBe('connection_ack')])
      return frames[0]?.type
    })
    .toBe('connection_ack')
  for (const { socket } of [...sockets, others]) socket.terminate()
})

test('a frame over 128 KiB closes with 1009, a page of another origin gets 403, an app without Origin passes', async () => {
  const person = await world.person('STAFF')
  const { socket } = await open(person.externalId)
  socket.send(
    JSON.stringify({ id: randomUUID(), type: 'subscribe', payload: { query: ' '.repeat(129 * 1024) } }),
  )
  expect(await closeCode(socket)).toBe(1009)
  const foreign = new WebSocket(world.url().replace('http', 'ws'), 'graphql-transport-ws', {
    origin: 'https://elsewhere.example',
  })
  const [error] = await once(foreign, 'error')
  expect(String(error)).toContain('403')
  const app = new WebSocket(world.url().replace('http', 'ws'), 'graphql-transport-ws')
  await once(app, 'open')
  app.terminate()
})
