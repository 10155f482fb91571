import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Asking } from '../../src/platform/metrics/asking.js'
import { databaseUrl } from '../support/cluster.js'
import { increases, metricsUrl, scrape, scrapedUntil } from '../support/metrics.js'
import { until } from '../support/parley-process.js'
import { RawSocket } from '../support/raw-socket.js'
import { holdConversation } from '../support/row-lock.js'
import { silentBus } from '../support/silent-bus.js'
import { SseStream } from '../support/sse.js'
import { allUpdatesAfter, updateCursor } from '../support/updates-page.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start({ nodes: 2 })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const subscription = 'subscription { updates { cursor change { __typename } } }'

describe('what is counted', () => {
  test('sends and deliveries, by what came of them and how they went, on the node that did it', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const cursor = await updateCursor(doctor)
    const stream = doctor.follow()
    await stream.caughtUp()
    const sse = await SseStream.open(doctor, subscription)
    await until(() => sse.results.length > 0, 'CaughtUp over SSE')
    const before = await scrape(world)
    const elsewhere = await scrape(world, 1)

    const said = { clientMessageId: '6a0c8f3e-0d5b-4c64-9d0b-0d6f6f6a7a01' }
    await patient.send(conversationId, 'one', said)
    await patient.send(conversationId, 'one', said)
    await patient.send(conversationId, 'two')
    await stream.change('MessageSent', 2)
    await until(() => sse.results.length > 2, 'two updates over SSE')
    await allUpdatesAfter(doctor, cursor)
    const after = await scrape(world)

    expect(increases(before, after, /^parley_(sends|deliveries|resets)|_lag_seconds_count/)).toEqual({
      'parley_sends_total{outcome="SENT"}': 2,
      'parley_sends_total{outcome="REPLAYED"}': 1,
      'parley_deliveries_total{transport="socket"}': 2,
      'parley_deliveries_total{transport="sse"}': 2,
      'parley_deliveries_total{transport="poll"}': 2,
      'parley_delivery_lag_seconds_count{transport="socket"}': 2,
      'parley_delivery_lag_seconds_count{transport="sse"}': 2,
    })
    expect(
      increases(before, after, /^parley_send_(batch_size_sum|seconds_count)|^parley_operation.*count/),
    ).toEqual({
      parley_send_batch_size_sum: 3,
      parley_send_seconds_count: 3,
      'parley_operation_seconds_count{type="mutation"}': 3,
      'parley_operation_seconds_count{type="query"}': 1,
    })
    expect(increases(elsewhere, await scrape(world, 1), /^parley_(sends|deliveries)/)).toEqual({})
    await sse.close()
    await stream.close()
  })

  test('a backlog is delivered, and its age is no lag', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const cursor = await updateCursor(doctor)
    for (const body of ['one', 'two', 'three']) await patient.send(conversationId, body)
    const before = await scrape(world)
    const stream = doctor.follow(cursor)
    await stream.caughtUp()
    const after = await scrape(world)
    await stream.close()
    expect(increases(before, after, /^parley_(deliveries|backlog|gap)|_lag_seconds_count/)).toEqual({
      'parley_deliveries_total{transport="socket"}': 3,
      parley_backlog_reads_total: 1,
    })
  })

  test('sockets, people and subscriptions, while they last, and how sockets closed', async () => {
    const doctor = await world.person('DOCTOR')
    const now = /^parley_(sockets|people|subscriptions)/
    const before = await scrapedUntil(
      world,
      (series) => Object.keys(increases(new Map(), series, now)).length === 0,
      'those of the other tests to be gone',
    )
    const stream = doctor.follow()
    await stream.caughtUp()
    const watching = await SseStream.open(
      doctor,
      'subscription { ...F } fragment F on Subscription { typing { conversationId } }',
    )
    const there = await scrapedUntil(
      world,
      (series) => series.get('parley_subscriptions{field="typing"}') === 1,
      'a subscription to typing',
    )
    expect(increases(before, there, now)).toEqual({
      parley_sockets: 1,
      parley_people: 1,
      'parley_subscriptions{field="updates"}': 1,
      'parley_subscriptions{field="typing"}': 1,
    })
    await watching.close()
    await stream.close()
    const gone = await scrapedUntil(
      world,
      (series) => Object.keys(increases(before, series, now)).length === 0,
      'everybody to be gone',
    )
    expect(increases(before, gone, /^parley_socket_closes/)).toEqual({
      'parley_socket_closes_total{code="1000"}': 1,
    })

    const forged = RawSocket.to(doctor)
    await forged.init({ authorization: 'Bearer forged' })
    expect((await forged.ended).code).toBe(4401)
    const refused = await scrapedUntil(
      world,
      (series) =>
        increases(gone, series, /^parley_socket_closes/)['parley_socket_closes_total{code="4401"}'] === 1,
      'the close',
    )
    expect(increases(gone, refused, now)).toEqual({})
  })

  test('errors, once each, over HTTP, SSE and the socket', async () => {
    const { patient, conversationId } = await world.pair()
    const socket = await RawSocket.of(patient)
    const told = /^parley_errors/
    const codes = async (work: () => Promise<unknown>) => {
      const before = await scrape(world)
      await work()
      return increases(before, await scrape(world), told)
    }
    const onSocket = async (id: string, query: string) => {
      await socket.send({ type: 'subscribe', id, payload: { query } })
      await socket.until((frames) => frames.some((frame) => frame.id === id && frame.type !== 'complete'))
    }
    const tooDeep = `{ viewer { ${'user { presence { '.repeat(9)} userId ${'} } '.repeat(9)} } }`
    const nowhere = Buffer.from(`Conversation:${randomUUID()}`).toString('base64url')
    const one = (code: string) => ({ [`parley_errors_total{code="${code}"}`]: 1 })

    expect(await codes(() => fetch(world.url(), { method: 'POST' }))).toEqual(one('UNAUTHENTICATED'))
    expect(await codes(() => fetch(new URL('/nowhere', world.url())))).toEqual(one('NOT_FOUND'))
    expect(await codes(() => patient.ask('{'))).toEqual(one('BAD_REQUEST'))
    expect(await codes(() => patient.ask('{ nothing }'))).toEqual(one('BAD_REQUEST'))
    expect(await codes(() => patient.ask('{ updates(after: "x") { endCursor } }'))).toEqual(
      one('INVALID_INPUT'),
    )
    expect(await codes(() => patient.trySend(conversationId, ''))).toEqual(one('INVALID_INPUT'))
    expect(await codes(() => patient.trySend(nowhere, 'hello'))).toEqual(one('NOT_FOUND'))
    expect(await codes(() => patient.ask(tooDeep))).toEqual(one('COST_EXCEEDED'))
    const overSse = 'subscription { updates(after: "x") { cursor } }'
    expect(await codes(async () => (await SseStream.open(patient, overSse)).close())).toEqual(
      one('INVALID_INPUT'),
    )
    expect(await codes(() => onSocket('1', '{'))).toEqual(one('BAD_REQUEST'))
    expect(await codes(() => onSocket('2', tooDeep))).toEqual(one('COST_EXCEEDED'))
    expect(await codes(() => onSocket('3', '{ updates(after: "x") { endCursor } }'))).toEqual(
      one('INVALID_INPUT'),
    )
    expect(await codes(() => onSocket('4', 'subscription { updates(after: "x") { cursor } }'))).toEqual(
      one('INVALID_INPUT'),
    )
    expect(await codes(() => patient.must('{ viewer { unreadCount } }'))).toEqual({})
    socket.socket.close()
    await socket.ended
  })

  test('resets, by reason, however they are told', async () => {
    const { doctor } = await world.pair()
    const cursor = await updateCursor(doctor)
    await world.sql('UPDATE deployment SET epoch = epoch + 1, changed_at = clock_timestamp()')
    const before = await scrape(world)
    const stream = doctor.follow(cursor)
    await stream.caughtUp()
    await doctor.must('query ($after: String!) { updates(after: $after) { endCursor } }', { after: cursor })
    const after = await scrape(world)
    await stream.close()
    expect(increases(before, after, /^parley_(resets|deliveries)/)).toEqual({
      'parley_resets_total{reason="EPOCH_CHANGED"}': 2,
    })
  })

  test('what others hold: passed over, then waited for and tried again', async () => {
    const { patient, conversationId } = await world.pair()
    const before = await scrape(world)
    const held = await holdConversation(world, conversationId)
    const sending = patient.send(conversationId, 'late')
    const retried = 'parley_database_troubles_total{kind="retried"}'
    await scrapedUntil(world, (series) => (series.get(retried) ?? 0) > (before.get(retried) ?? 0), 'a retry')
    await held[Symbol.asyncDispose]()
    await sending
    const after = increases(before, await scrape(world), /^parley_(sends|database_troubles)/)
    expect(after).toEqual({
      'parley_sends_total{outcome="SENT"}': 1,
      parley_sends_passed_over_total: 1,
      [retried]: expect.any(Number),
    })
  })

  test('what the sweep finds and no hint has told', async () => {
    await using silent = await World.start({ overrides: { bus: silentBus } })
    const { patient, doctor, conversationId } = await silent.pair()
    await patient.send(conversationId, 'before')
    const stream = doctor.follow()
    await stream.caughtUp()
    // Only once the node knows where the stream stands can the sweep find it elsewhere.
    for (let found = 0; found === 0; found = (await scrape(silent)).get('parley_sweep_finds_total') ?? 0) {
      const { sequence } = await patient.send(conversationId, 'unheard of')
      await stream.change('MessageSent', sequence - 1)
    }
    await stream.close()
  })
})

describe('a scrape', () => {
  test('asks the database one thing, whoever is there, and not again for five seconds', async () => {
    const statements: string[] = []
    await using own = await World.start({
      env: { PARLEY_ROLE: 'api' },
      overrides: { observe: (statement) => statements.push(statement) },
    })
    const people = await Promise.all(Array.from({ length: 5 }, () => own.person('DOCTOR')))
    const streams = people.map((person) => person.follow())
    await Promise.all(streams.map((stream) => stream.caughtUp()))
    statements.length = 0
    await scrape(own)
    await scrape(own)
    expect(statements.filter((statement) => statement.includes('graphile_worker.jobs'))).toHaveLength(1)
    // What goes on without a scrape: the sweep, receipts in groups, who was last seen.
    const known = /user_streams|FROM pending_receipts r|last_seen_at/
    expect(statements.filter((statement) => !known.test(statement))).toHaveLength(1)
    await Promise.all(streams.map((stream) => stream.close()))
  })

  test('holds nobody’s id, and every counter from the start', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    await patient.send(conversationId, 'hello')
    const response = await fetch(metricsUrl(world))
    const text = await response.text()
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/)
    for (const name of [patient.externalId, doctor.externalId, conversationId])
      expect(text).not.toContain(name)
    // Without Redis there is nothing to say of it.
    const counted = [...text.matchAll(/^# TYPE (parley_\w+) (\w+)\n(\S*)/gm)]
    const absent = counted
      .filter(([, name = '', , next = '']) => !next.startsWith(name))
      .map(([, name]) => name)
    expect(absent).toEqual(['parley_redis_up'])
  })
})

test('docs/observability.md lists every metric of ours, and no other', async () => {
  const page = await readFile(new URL('../../docs/observability.md', import.meta.url), 'utf8')
  const text = await (await fetch(metricsUrl(world))).text()
  const told = [...text.matchAll(/^# TYPE (parley_\w+)/gm)].map(([, name]) => name)
  const listed = [...page.matchAll(/^\| `(parley_\w+)`/gm)].map(([, name]) => name)
  expect(listed.sort()).toEqual(told.sort())
})

test('the load balancers keep the metrics inside', async () => {
  const [nginx, haproxy] = await Promise.all(
    ['nginx.conf', 'haproxy.cfg'].map((name) =>
      readFile(new URL(`../../docs/deploy/${name}`, import.meta.url), 'utf8'),
    ),
  )
  expect(nginx).toMatch(/^ {4}location \/metrics \{\n {8}return 404;\n {4}\}$/m)
  expect(haproxy).toMatch(/^ {4}http-request deny deny_status 404 if \{ path \/metrics \}$/m)
})

describe('when something is away', () => {
  const get = async (of: World, path: string) => {
    const response = await fetch(new URL(path, of.url()))
    return [response.status, await response.text()] as const
  }

  test('without its database a node is alive, not ready, and tells what it knows', async () => {
    await using alone = await World.start({ env: { PARLEY_ROLE: 'api' } })
    const { name } = alone.database
    const admin = new pg.Client({ connectionString: databaseUrl() })
    await admin.connect()
    const allow = (may: boolean) => admin.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS ${may}`)
    try {
      expect(await get(alone, '/readyz')).toEqual([200, 'ready\n'])
      await allow(false)
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
      await until(async () => (await get(alone, '/readyz'))[0] === 503, 'a node that is not ready')
      expect(await get(alone, '/readyz')).toEqual([503, 'not ready\n'])
      expect(await get(alone, '/healthz')).toEqual([200, 'ok\n'])
      const start = performance.now()
      const series = await scrape(alone)
      expect(performance.now() - start).toBeLessThan(3000)
      expect(series.get('parley_database_answers')).toBe(0)
      expect(series.get('parley_sockets')).toBe(0)
      expect(series.has('parley_jobs{state="due"}')).toBe(false)
      expect(series.has('parley_pending_receipts')).toBe(false)
      await allow(true)
      await until(async () => (await get(alone, '/readyz'))[0] === 200, 'a node that is ready again')
      const again = await scrapedUntil(
        alone,
        (found) => found.get('parley_database_answers') === 1,
        'an answer',
      )
      expect(again.get('parley_jobs{state="due"}')).toBe(0)
    } finally {
      await allow(true)
      await admin.end()
    }
  })

  test('a scrape does not wait for what somebody locks', async () => {
    await using locked = await World.start({ env: { PARLEY_ROLE: 'api' } })
    const holder = new pg.Client({ connectionString: locked.database.connectionString })
    await holder.connect()
    await holder.query('BEGIN; LOCK TABLE notifications IN ACCESS EXCLUSIVE MODE')
    const start = performance.now()
    const series = await scrape(locked)
    expect(performance.now() - start).toBeLessThan(2500)
    expect(series.get('parley_database_answers')).toBe(0)
    expect(await get(locked, '/readyz')).toEqual([200, 'ready\n'])
    await holder.end()
    await scrapedUntil(locked, (found) => found.get('parley_database_answers') === 1, 'an answer')
  })

  test('a node that stops is not ready to whoever still reaches it', async () => {
    await using stopping = await World.start()
    const { port } = new URL(stopping.url())
    const socket = connect(Number(port), '127.0.0.1')
    socket.setEncoding('utf8')
    await once(socket, 'connect')
    // A request that has begun: its connection is not idle, and stays.
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz HTTP/1.1\r\n')
    await once(socket, 'data')
    const stopped = stopping.nodes[0]?.[Symbol.asyncDispose]()
    socket.write('Host: a\r\n\r\n')
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 503 [\s\S]*connection: close/i)
    await stopped
  })

  test('a question that is never answered is given up in time, and asked anew', async () => {
    let asked = 0
    const asking = new Asking<string>(() => {
      asked += 1
      return new Promise(() => {})
    }, 20)
    expect(await Promise.all([asking.answer(), asking.answer()])).toEqual([null, null])
    expect(asked).toBe(1)
    expect(await new Asking(() => Promise.reject(new Error('away')), 20).answer()).toBeNull()
  })
})
