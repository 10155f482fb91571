import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { faultsOf } from '../support/invariants.js'
import { ParleyProcess, until } from '../support/parley-process.js'
import type { Person } from '../support/person.js'
import { environmentOf, token, World } from '../support/world.js'

// A node is told to stop while 200 messages a second are sent to it, half over sockets, half over HTTP.

const senders = 20
const everyMilliseconds = 100
const document = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  __typename ... on SendMessagePayload { message { clientMessageId } } ... on Error { code } } }`

let world: World
let node: ParleyProcess
let origin: string

beforeAll(async () => {
  world = await World.start()
  node = ParleyProcess.start(environmentOf(world.database.connectionString))
  const [, found = ''] = await node.printed(/ready url="([^"]+)"/)
  origin = found
})
afterAll(async () => {
  await node.end('SIGKILL')
  await world[Symbol.asyncDispose]()
})

/** What became of each message that was sent; null: nothing yet. */
class Log {
  readonly fates = new Map<string, 'sent' | 'refused' | 'cut' | null>()
  closeCode: number | null = null

  get unanswered(): string[] {
    return [...this.fates].filter(([, fate]) => fate === null).map(([key]) => key)
  }
}

const inputOf = (conversationId: string, key: string) => ({
  query: document,
  variables: { input: { conversationId, clientMessageId: key, body: 'while it stops' } },
})

async function overSocket(person: Person, conversationId: string, isOver: () => boolean): Promise<Log> {
  const log = new Log()
  let isIn = false
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  socket.on('message', (data) => {
    const { id, type, payload } = JSON.parse(String(data))
    if (type === 'connection_ack') isIn = true
    if (type === 'next') log.fates.set(id, payload.data?.sendMessage.message ? 'sent' : 'refused')
    if (type === 'error') log.fates.set(id, 'refused')
  })
  socket.once('close', (code) => {
    log.closeCode = code
  })
  await once(socket, 'open')
  const authorization = `Bearer ${await token(person.externalId)}`
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }))
  await until(() => isIn, 'the socket to be let in')
  while (!isOver() && log.closeCode === null) {
    const key = randomUUID()
    log.fates.set(key, null)
    socket.send(JSON.stringify({ id: key, type: 'subscribe', payload: inputOf(conversationId, key) }))
    await sleep(everyMilliseconds)
  }
  await until(() => log.closeCode !== null, 'the socket to be closed')
  return log
}

async function overHttp(person: Person, conversationId: string, isOver: () => boolean): Promise<Log> {
  const log = new Log()
  const authorization = `Bearer ${await token(person.externalId)}`
  const underway: Promise<void>[] = []
  while (!isOver()) {
    const key = randomUUID()
    log.fates.set(key, null)
    underway.push(
      post(inputOf(conversationId, key), authorization).then(
        (text) => void log.fates.set(key, text.includes(key) ? 'sent' : 'refused'),
        () => void log.fates.set(key, 'cut'),
      ),
    )
    await sleep(everyMilliseconds)
  }
  await Promise.all(underway)
  return log
}

/** On a connection of its own: a kept one may be closed just as the next request sets out. */
function post(body: object, authorization: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization, 'content-type': 'application/json', connection: 'close' }
    const sending = request(`${origin}/graphql`, { method: 'POST', headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.on('end', () => resolve(text))
      response.on('error', reject)
    })
    sending.on('error', reject)
    sending.end(JSON.stringify(body))
  })
}

test('SIGTERM under load: what is in flight is answered, sockets close with 1001, exit code 0 within ten seconds', async () => {
  let isOver = false
  const pairs = await Promise.all(Array.from({ length: senders }, () => world.pair()))
  const running = pairs.map(({ doctor, conversationId }, index) =>
    (index % 2 === 0 ? overSocket : overHttp)(doctor, conversationId, () => isOver),
  )
  await sleep(3000)
  const stoppedAt = performance.now()
  // Nothing new sets out from here on; what has, is in flight.
  isOver = true
  const exitCode = await node.end('SIGTERM')
  const took = performance.now() - stoppedAt
  const logs = await Promise.all(running)

  expect(exitCode).toBe(0)
  expect(took).toBeLessThan(10_000)
  expect(logs.filter((_, index) => index % 2 === 0).map(({ closeCode }) => closeCode)).toEqual(
    Array(senders / 2).fill(1001),
  )
  expect(logs.flatMap(({ unanswered }) => unanswered)).toEqual([])
  const fates = logs.flatMap((log) => [...log.fates])
  expect(fates.filter(([, fate]) => fate === 'cut')).toEqual([])
  expect(fates.length).toBeGreaterThan(300)
  const sent = fates.filter(([, fate]) => fate === 'sent').map(([key]) => key)
  expect(sent.length).toBeGreaterThan(250)
  const stored = await world.sql<{ key: string }>(
    'SELECT client_message_id AS key FROM messages WHERE client_message_id = ANY ($1::uuid[])',
    [sent],
  )
  expect(stored).toHaveLength(sent.length)
  expect(await faultsOf(world)).toEqual([])
  console.log(
    `${sent.length} of ${fates.length} sent, the others refused with a code; stopped in ${Math.round(took)} ms`,
  )
})
