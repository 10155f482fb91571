import type { Client } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DistributionPostgres, startDistributionPostgres } from '../support/distribution-postgres.js'
import { faultsOf } from '../support/invariants.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

// PostgreSQL goes away under a node: who asks is told so, with a code and soon, over HTTP and over a socket that stays open.

let postgres: DistributionPostgres
let world: World
let doctor: Person
let patient: Person
let conversationId: string

beforeAll(async () => {
  postgres = await startDistributionPostgres()
  await postgres.tool('createdb', ['--maintenance-db', postgres.url('postgres'), 'parley'])
  const database = {
    name: 'parley',
    connectionString: postgres.url('parley'),
    drop: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
  world = await World.start({ database, env: { MIGRATE: 'on' } })
  ;({ doctor, patient, conversationId } = await world.pair())
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await postgres.stop()
})

/** What a client that has just connected asks first. */
const start = '{ viewer { updateCursor unreadCount } }'

const unavailable = [
  expect.objectContaining({
    extensions: expect.objectContaining({
      code: 'SERVICE_UNAVAILABLE',
      retryAfterSeconds: expect.any(Number),
    }),
  }),
]

/** What a query over a socket comes to: its data, or its errors. */
function overSocket(client: Client, query: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.subscribe(
      { query },
      {
        next: ({ data, errors }) => resolve(errors ?? data),
        error: (error) => (Array.isArray(error) ? resolve(error) : reject(error)),
        complete: () => {},
      },
    )
  })
}

test('requests get a coded answer at once, sockets stay, and all goes on within five seconds', async () => {
  const stream = patient.follow()
  await stream.caughtUp()
  const client = doctor.socket()
  expect(await overSocket(client, start)).toMatchObject({ viewer: { unreadCount: 0 } })

  await postgres.goDown()
  const wentAt = performance.now()
  for (let times = 0; times < 3; times++) {
    expect(await overSocket(client, start)).toEqual(unavailable)
    expect((await doctor.ask(start)).errors).toEqual(unavailable)
    const { status, errors } = await doctor.ask(
      `mutation ($id: ID!) { archiveConversation(input: { conversationId: $id }) { __typename } }`,
      { id: conversationId },
    )
    expect([status, errors]).toEqual([503, unavailable])
  }
  expect(performance.now() - wentAt).toBeLessThan(5000)
  expect((await fetch(new URL('/readyz', world.url()))).status).toBe(503)
  expect((await fetch(new URL('/healthz', world.url()))).status).toBe(200)

  await postgres.comeUp()
  const backAt = performance.now()
  await expect.poll(() => overSocket(client, start)).toMatchObject({ viewer: { unreadCount: 0 } })
  const { id } = await doctor.send(conversationId, 'after the outage')
  await stream.until((all) => JSON.stringify(all.at(-1)).includes(id))
  expect(performance.now() - backAt).toBeLessThan(5000)
  expect(stream.errors).toEqual([])
  await expect.poll(async () => (await fetch(new URL('/readyz', world.url()))).status).toBe(200)
  expect(await faultsOf(world)).toEqual([])
  await stream.close()
})
