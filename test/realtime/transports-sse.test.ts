import { afterAll, beforeAll, expect, test } from 'vitest'
import { updateFields } from '../support/documents.js'
import { SseStream } from '../support/sse.js'
import { updateCursor } from '../support/updates-page.js'
import { token, World } from '../support/world.js'

const document = `subscription ($after: String) { updates(after: $after) { ...UpdateFields } } ${updateFields}`

let world: World
beforeAll(async () => {
  world = await World.start({ env: { ALLOWED_ORIGINS: 'https://app.example.org' } })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

test('SSE gets the same updates as the socket, backlog and live', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const start = await updateCursor(doctor)
  await patient.send(conversationId, 'one')
  const socket = doctor.follow(start)
  const sse = await SseStream.open(doctor, document, { after: start })
  expect([sse.response.status, sse.response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  await socket.caughtUp()
  await expect.poll(() => sse.results).toHaveLength(2)
  await patient.send(conversationId, 'two')
  await socket.change('MessageSent', 2)
  await expect.poll(() => sse.results).toHaveLength(3)
  const over = (results: readonly unknown[]) =>
    JSON.parse(JSON.stringify(results), (key, value) => (key === 'at' ? 'some time' : value))
  expect(over(sse.results)).toEqual(over(socket.all.map((updates) => ({ data: { updates } }))))
  await sse.close()
  await socket.close()
})

test('when the token runs out SSE gets UNAUTHENTICATED, then complete', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const sse = await SseStream.open(doctor, document, {}, { seconds: 2 })
  await patient.send(conversationId, 'in time')
  await expect.poll(() => sse.isOver, { timeout: 7000 }).toBe(true)
  expect(sse.events).toEqual([
    {
      event: 'next',
      data: {
        data: { updates: expect.objectContaining({ change: { __typename: 'CaughtUp', replayed: 0 } }) },
      },
    },
    { event: 'next', data: { data: { updates: expect.objectContaining({ conversationUnreadCount: 1 }) } } },
    {
      event: 'next',
      data: {
        data: null,
        errors: [
          {
            message: 'Sign in again.',
            path: ['updates'],
            locations: [expect.anything()],
            extensions: { code: 'UNAUTHENTICATED' },
          },
        ],
      },
    },
    { event: 'complete', data: null },
  ])
})

test('an SSE request with a bad token, or a wrong cursor, is told over HTTP or in the stream', async () => {
  const person = await world.person('PATIENT')
  const refused = await SseStream.open(person, document, {}, { seconds: -10 })
  expect(refused.response.status).toBe(401)
  const wrong = await SseStream.open(person, document, { after: 'x' })
  await expect.poll(() => wrong.isOver).toBe(true)
  expect(wrong.results).toMatchObject([{ errors: [{ extensions: { code: 'INVALID_INPUT' } }] }])
})

/** An HTTP request, as a web page of this origin would make it; null: no page's. */
async function from(origin: string | null, init: RequestInit & { headers?: Record<string, string> }) {
  const response = await fetch(world.url(), {
    ...init,
    headers: { ...init.headers, ...(origin === null ? {} : { origin }) },
  })
  const { headers, status } = response
  return {
    status,
    origin: headers.get('access-control-allow-origin'),
    headers: headers.get('access-control-allow-headers'),
    methods: headers.get('access-control-allow-methods'),
    vary: headers.get('vary'),
    body: await response.text(),
  }
}

test('only pages of allowed origins talk to it; who is no page always may', async () => {
  const person = await world.person('PATIENT')
  const post = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await token(person.externalId)}`,
    },
    body: JSON.stringify({ query: '{ viewer { unreadCount } }' }),
  }
  const answer = JSON.stringify({ data: { viewer: { unreadCount: 0 } } })
  expect(await from(null, post)).toMatchObject({ status: 200, origin: null, body: answer })
  expect(await from('https://app.example.org', post)).toMatchObject({
    status: 200,
    origin: 'https://app.example.org',
    vary: expect.stringContaining('Origin'),
    body: answer,
  })
  const refusal = {
    status: 403,
    origin: null,
    headers: null,
    methods: null,
    vary: 'Origin',
    body: JSON.stringify({
      errors: [{ message: 'This origin is not allowed here.', extensions: { code: 'FORBIDDEN' } }],
    }),
  }
  const preflight = {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  }
  for (const origin of [
    'https://evil.example.org',
    'http://app.example.org',
    'https://app.example.org.evil.org',
    'null',
  ]) {
    expect(await from(origin, post)).toEqual(refusal)
    expect(await from(origin, preflight)).toEqual(refusal)
  }
  expect(await from('https://app.example.org', preflight)).toEqual({
    status: 204,
    origin: 'https://app.example.org',
    headers: 'authorization, content-type, accept',
    methods: expect.stringContaining('POST'),
    vary: 'Origin',
    body: '',
  })
})
