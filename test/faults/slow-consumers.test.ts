import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Inspector } from '../support/inspector.js'
import { ParleyProcess, until } from '../support/parley-process.js'
import type { Person } from '../support/person.js'
import { allUpdatesAfter, updateCursor } from '../support/updates-page.js'
import { environmentOf, token, World } from '../support/world.js'

// Forty of two hundred stop reading while a thousand messages flow: it costs the node no memory to speak of, the others
// nothing, and themselves a reconnect.

const size = 200
const stalled = 40
const body = 'x'.repeat(4096)
const pace = 60
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

let world: World
let node: ParleyProcess
let inspector: Inspector
let url: string
let owner: Person
let members: Person[]
let groupId: string
let listeners: Listener[]

/** A socket that notes when each message came, and may stop reading. */
class Listener {
  readonly arrivals = new Map<number, number>()
  private isAcknowledged = false
  isClosed = false

  private constructor(
    readonly person: Person,
    readonly socket: WebSocket,
  ) {
    socket.on('message', (data) => this.take(JSON.parse(String(data))))
    socket.on('close', () => {
      this.isClosed = true
    })
    socket.on('error', () => {})
  }

  static async open(person: Person): Promise<Listener> {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
    const listener = new Listener(person, socket)
    await until(() => socket.readyState === socket.OPEN, 'a socket')
    const authorization = `Bearer ${await token(person.externalId)}`
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }))
    await until(() => listener.isAcknowledged, 'its acknowledgement')
    const query = 'subscription { updates { change { ... on MessageSent { message { sequence body } } } } }'
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
    await until(() => listener.arrivals.has(0), 'its first word')
    return listener
  }

  private take({ type, payload }: { type: string; payload?: { data?: Told } }): void {
    if (type === 'connection_ack') this.isAcknowledged = true
    if (type === 'ping') this.socket.send('{"type":"pong"}')
    if (type === 'next')
      this.arrivals.set(payload?.data?.updates.change?.message?.sequence ?? 0, performance.now())
  }
}

interface Told {
  readonly updates: { readonly change: { readonly message?: { readonly sequence: number } } | null }
}

beforeAll(async () => {
  world = await World.start()
  node = ParleyProcess.start(
    environmentOf(world.database.connectionString, { env: { PARLEY_ROLE: 'api' } }),
    ['--inspect=127.0.0.1:0', '--import', 'tsx', main],
  )
  inspector = await Inspector.attach(node)
  const [, found] = await node.printed(/ready url="([^"]+)"/)
  url = `${found}/graphql`
  owner = await world.person('DOCTOR')
  members = []
  while (members.length < size - 1) members.push(await world.person('STAFF'))
  groupId = await world.group(owner, members)
  listeners = []
  for (const member of members) listeners.push(await Listener.open(member))
})
afterAll(async () => {
  for (const { socket } of listeners) socket.terminate()
  inspector.close()
  await node.end('SIGKILL')
  await world[Symbol.asyncDispose]()
})

async function openSockets(): Promise<number> {
  const text = await (await fetch(new URL('/metrics', url))).text()
  return Number(/^parley_sockets (\d+)/m.exec(text)?.[1])
}

/** Looks now and then: what is measured meanwhile must not suffer. */
async function cutAfter(most: number): Promise<number> {
  const start = performance.now()
  while ((await openSockets()) > most) {
    if (performance.now() - start > 60_000) throw new Error('the stalled are not cut')
    await sleep(500)
  }
  return performance.now() - start
}

const p99 = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0

/** The owner says something, on the node that the listeners are connected to. */
async function say(): Promise<number> {
  const input = { conversationId: groupId, clientMessageId: randomUUID(), body }
  const query = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
    ... on SendMessagePayload { message { sequence } } ... on Error { code } } }`
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await token(owner.externalId)}`,
    },
    body: JSON.stringify({ query, variables: { input } }),
  })
  const { data }: { data: { sendMessage: { message: { sequence: number } } } } = JSON.parse(
    await response.text(),
  )
  return data.sendMessage.message.sequence
}

/** Sends at an even pace; gives when each was sent. */
async function flow(count: number): Promise<Map<number, number>> {
  const sentAt = new Map<number, number>()
  const underway: Promise<void>[] = []
  for (let n = 0; n < count; n++) {
    const at = performance.now()
    underway.push(
      say().then((sequence) => {
        sentAt.set(sequence, at)
      }),
    )
    await sleep(pace)
  }
  await Promise.all(underway)
  return sentAt
}

const hasAll = (listener: Listener, sentAt: ReadonlyMap<number, number>) =>
  [...sentAt.keys()].every((sequence) => listener.arrivals.has(sequence))

const delays = (readers: readonly Listener[], sentAt: ReadonlyMap<number, number>) =>
  readers.flatMap(({ arrivals }) =>
    [...sentAt].map(([sequence, at]) => (arrivals.get(sequence) ?? Number.POSITIVE_INFINITY) - at),
  )

test('a thousand messages, forty who stop reading', async () => {
  const healthy = listeners.slice(stalled)
  const slow = listeners.slice(0, stalled)
  const cursors = await Promise.all(slow.map(({ person }) => updateCursor(person)))

  // Twice, so that the node is as warm as it gets.
  await flow(200)
  const before = await flow(300)
  await until(() => listeners.every((listener) => hasAll(listener, before)), 'everybody to have all')
  const usual = p99(delays(healthy, before))
  const held = (await inspector.holdings()).memoryMiB

  for (const { socket } of slow) socket.pause()
  const watching = cutAfter(size - 1 - stalled)
  // While they are stalled, and as much waits for them as there ever will; what is garbage does not count.
  const looking = sleep(20_000).then(() => inspector.holdings(1))
  const during = await flow(1000)
  await until(() => healthy.every((listener) => hasAll(listener, during)), 'the healthy to have all')
  const closedAfter = await watching
  const { memoryMiB } = await looking
  const loaded = p99(delays(healthy, during))
  console.log(
    `p99 ${Math.round(usual)} ms before, ${Math.round(loaded)} ms with ${stalled} of ${size} stalled; memory held ` +
      `${Math.round(held)} MiB before, ${Math.round(memoryMiB)} MiB meanwhile; cut after ${Math.round(closedAfter / 1000)} s`,
  )
  expect(node.child.exitCode).toBeNull()
  expect(closedAfter).toBeLessThanOrEqual(33_000)
  expect(memoryMiB - held).toBeLessThanOrEqual(64)
  expect(loaded).toBeLessThanOrEqual(2 * Math.max(usual, 50))
  expect(healthy.filter(({ isClosed }) => isClosed)).toEqual([])

  // They come back with their cursors, and have everything once, in order.
  const sequences = [...before.keys(), ...during.keys()].sort((a, b) => a - b)
  for (const [index, { person }] of slow.entries()) {
    const updates = await allUpdatesAfter(person, cursors[index] ?? '', 100)
    const seen = updates.map(({ change }) => Number(/"sequence":(\d+)/.exec(JSON.stringify(change))?.[1]))
    expect(seen.slice(-sequences.length)).toEqual(sequences)
  }
})
