import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RawSocket } from '../support/raw-socket.js'
import { holdConversation } from '../support/row-lock.js'
import { token, World } from '../support/world.js'

const send = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessagePayload { message { body } } ... on Error { code } } }`

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

/** A token signed with the deployment's secret, or another. */
async function sign(claims: Record<string, unknown>, other?: string): Promise<string> {
  const key = world.nodes[0]?.tokens.key
  if (key?.kind !== 'secret') throw new Error('the tests sign with a secret')
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(other ?? key.secret))
}

const soon = () => Math.floor(Date.now() / 1000) + 3600

describe('who is let in', () => {
  test('nobody without a token that will ever do: 4401', async () => {
    const person = await world.person('PATIENT')
    const sub = person.externalId
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ sub, exp: soon() })).toString('base64url')}.`
    const payloads = [
      undefined,
      {},
      { authorization: 7 },
      { authorization: 'Bearer' },
      { authorization: await token(sub) },
      { authorization: 'Bearer nonsense' },
      { authorization: `Bearer ${unsigned}` },
      { authorization: `Bearer ${await sign({ sub, exp: soon() }, 'another secret of at least 32 bytes')}` },
      { authorization: `Bearer ${await sign({ sub: 'nobody', exp: soon() })}` },
      { authorization: `Bearer ${await sign({ exp: soon() })}` },
      { authorization: `Bearer ${await sign({ sub })}` },
      { authorization: `Bearer ${await sign({ sub, nbf: soon(), exp: soon() + 60 })}` },
    ]
    const ends = payloads.map(async (payload) => {
      const socket = RawSocket.to(person)
      await socket.init(payload)
      return [await socket.ended, socket.frames]
    })
    expect(await Promise.all(ends)).toEqual(payloads.map(() => [{ code: 4401, reason: 'Unauthorized' }, []]))
    const early = RawSocket.to(person)
    await early.subscribe('1', '{ viewer { id } }')
    expect(await early.ended).toEqual({ code: 4401, reason: 'Unauthorized' })
  })

  test('who may come back with a new token: 4403', async () => {
    const expired = await world.person('PATIENT')
    const inactive = await world.person('DOCTOR')
    await inactive.upsert({ isActive: false })
    for (const [person, seconds] of [
      [expired, -10],
      [inactive, 3600],
    ] as const) {
      const socket = RawSocket.to(person)
      await socket.init({ authorization: `Bearer ${await token(person.externalId, seconds)}` })
      expect([await socket.ended, socket.frames]).toEqual([{ code: 4403, reason: 'Forbidden' }, []])
    }
    const upper = RawSocket.to(expired)
    await upper.init({ Authorization: `bearer ${await token(expired.externalId)}` })
    await upper.until((frames) => frames[0]?.type === 'connection_ack')
    upper.socket.close()
  })

  test('who never says connection_init is sent away after five seconds: 4408', async () => {
    const person = await world.person('PATIENT')
    const socket = RawSocket.to(person)
    await new Promise((resolve) => socket.socket.once('open', resolve))
    const start = performance.now()
    expect(await socket.ended).toEqual({ code: 4408, reason: 'Connection initialisation timeout' })
    expect(performance.now() - start).toBeGreaterThan(4500)
    expect(performance.now() - start).toBeLessThan(7000)
  })
})

describe('when the token runs out', () => {
  test('the socket takes no more, answers the mutation that runs, and closes with 4403', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const idle = await RawSocket.of(patient, 4)
    await idle.subscribe('s', 'subscription { updates { change { __typename } } }')
    const busy = await RawSocket.of(doctor, 4)
    const expiry = Date.now() + 4000
    const lock = await holdConversation(world, conversationId)
    const input = { conversationId, clientMessageId: randomUUID(), body: 'in time' }
    await busy.subscribe('m', send, { variables: { input } })
    expect(await idle.ended).toEqual({ code: 4403, reason: 'Forbidden' })
    // The stream was not completed: a client goes on with it under a new token.
    expect(idle.of('s').map((frame) => frame.type)).toEqual(['next'])
    await busy.subscribe('late', '{ viewer { id } }')
    expect(await busy.answer('late')).toEqual([
      {
        id: 'late',
        type: 'error',
        payload: [
          { message: 'Sign in again.', extensions: expect.objectContaining({ code: 'UNAUTHENTICATED' }) },
        ],
      },
    ])
    await lock[Symbol.asyncDispose]()
    expect(await busy.ended).toEqual({ code: 4403, reason: 'Forbidden' })
    expect(busy.of('m')).toEqual([
      { id: 'm', type: 'next', payload: { data: { sendMessage: { message: { body: 'in time' } } } } },
      { id: 'm', type: 'complete' },
    ])
    expect(Date.now() - expiry).toBeLessThan(5000)
    expect((await patient.history(conversationId)).map((message) => message.body)).toEqual(['in time'])
  })
})

describe('what is refused over the socket is refused as over HTTP', () => {
  const many = Array.from({ length: 700 }, (_, index) => `a${index}: __typename`).join(' ')
  const nested = (levels: number): string =>
    `{ conversations(first: 1) { edges { node ${'{ lastMessage { conversation '.repeat(levels)}{ id }${' } }'.repeat(levels)} } } }`
  const documents: [name: string, query: string, more?: object][] = /* invalid */ [
    ['a syntax error', '{ viewer { scarlet fever'],
    ['an unknown field', '{ viewer { scarletFever } }'],
    ['an unknown argument', '{ viewer(scarlet: "fever") { id } }'],
    ['a leaf with a selection', '{ viewer { unreadCount { scarlet } } }'],
    ['an object without one', '{ viewer }'],
    ['an unknown fragment', '{ viewer { ...Scarlet } }'],
    ['a literal of another type', '{ updates(after: "x", first: "scarlet fever") { hasMore } }'],
    [
      'a variable of another type',
      'query ($n: Int) { updates(after: "x", first: $n) { hasMore } }',
      { variables: { n: 'scarlet fever' } },
    ],
    [
      'a variable of another enum',
      'query ($r: UserRole) { contacts(first: 1, role: $r) { pageInfo { hasNextPage } } }',
      { variables: { r: 'SCARLET' } },
    ],
    [
      'null for an argument that needs a value',
      'query ($a: String = "x") { updates(after: $a) { hasMore } }',
      { variables: { a: null } },
    ],
    ['a missing variable', 'query ($after: String!) { updates(after: $after) { hasMore } }'],
    ['an unknown operation', 'query A { viewer { id } }', { operationName: 'Scarlet' }],
    ['two operations, none named', 'query A { viewer { id } } query B { viewer { id } }'],
    ['too many tokens', `{ viewer { ${many} ${many} } }`],
    ['too deep', nested(8)],
    ['a query literal too deep to parse', `{ viewer { id ${'{ a '.repeat(50_000 / 8)}`],
    ['an input out of bounds', '{ updates(after: "scarlet") { hasMore } }'],
  ]

  test('with the same errors, one after the other on one socket', async () => {
    const person = await world.person('PATIENT')
    const socket = await RawSocket.of(person)
    for (const [index, [name, query, more]] of documents.entries()) {
      const response = await fetch(world.url(), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${await token(person.externalId)}`,
        },
        body: JSON.stringify({ query, ...more }),
      })
      const overHttp: { errors?: { extensions: { code: string } }[]; data?: unknown } = JSON.parse(
        await response.text(),
      )
      const id = `${index}`
      await socket.subscribe(id, query, more)
      const [first, ...rest] = await socket.answer(id)
      const overSocket = first?.type === 'error' ? { errors: first.payload } : first?.payload
      expect([name, overSocket]).toEqual([name, overHttp])
      expect([name, codesOf(overHttp)]).toEqual([
        name,
        [expect.stringMatching(/^(BAD_REQUEST|COST_EXCEEDED|INVALID_INPUT)$/)],
      ])
      expect(rest).toEqual(first?.type === 'error' ? [] : [{ id, type: 'complete' }])
      expect(JSON.stringify([overHttp, first])).not.toMatch(/scarlet|fever/i)
    }
    await socket.subscribe('well', '{ viewer { unreadCount } }')
    expect(await socket.answer('well')).toEqual([
      { id: 'well', type: 'next', payload: { data: { viewer: { unreadCount: 0 } } } },
      { id: 'well', type: 'complete' },
    ])
    socket.socket.close()
  })
})

test('what is no frame of the protocol closes the socket and is not repeated', async () => {
  const person = await world.person('PATIENT')
  const malformed = { code: 4400, reason: 'Invalid message received' }
  for (const frame of [
    'scarlet fever',
    { type: 'subscribe', id: '1', payload: {} },
    { type: 'subscribe', id: '1', payload: { query: 7 } },
    { type: 'subscribe', id: '1', payload: { query: '{ viewer { id } }', variables: 'scarlet fever' } },
    { type: 'scarlet' },
  ]) {
    const socket = await RawSocket.of(person)
    await socket.send(frame)
    expect(await socket.ended).toEqual(malformed)
  }
})

test('a frame has at most 128 KiB', async () => {
  const { patient, conversationId } = await world.pair()
  const socket = await RawSocket.of(patient)
  const variables = (length: number) => ({
    input: { conversationId, clientMessageId: randomUUID(), body: 'x'.repeat(length) },
  })
  await socket.subscribe('large', send, { variables: variables(120 * 1024) })
  expect(await socket.answer('large')).toMatchObject([
    { type: 'next', payload: { data: { sendMessage: { code: 'INVALID_INPUT' } } } },
    { type: 'complete' },
  ])
  // graphql-ws says it on the console, too.
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  await socket.subscribe('too-large', send, { variables: variables(128 * 1024) })
  expect((await socket.ended).code).toBe(1009)
  expect(said).toHaveBeenCalledOnce()
  said.mockRestore()
})

function codesOf({ errors = [] }: { errors?: { extensions: { code: string } }[] }): string[] {
  return errors.map((error) => error.extensions.code)
}
