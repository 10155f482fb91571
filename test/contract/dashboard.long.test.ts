import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { describeWithRedis } from '../support/cluster.js'
import { metricsUrl, scrape } from '../support/metrics.js'
import { until } from '../support/parley-process.js'
import { Prometheus, promtool } from '../support/prometheus.js'
import { RawSocket } from '../support/raw-socket.js'
import { SseStream } from '../support/sse.js'
import { allUpdatesAfter, updateCursor } from '../support/updates-page.js'
import { token, World } from '../support/world.js'

const pathOf = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[]
}

const {
  panels,
  schemaVersion,
  templating,
}: {
  panels: Panel[]
  schemaVersion: number
  templating: { list: { name: string; type: string }[] }
} = JSON.parse(await readFile(pathOf('grafana/parley.json'), 'utf8'))

/** The dashboard’s variables, as Grafana fills them in. */
function filledIn(expression: string): string {
  return expression
    .replaceAll('$job', 'parley')
    .replaceAll('$instance', '.*')
    .replaceAll('$__rate_interval', '10s')
}

const expressions = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [`${title}: ${expr}`, filledIn(expr)] as const),
)

/** The series that an expression asks for: each name with its matchers. */
function selectorsIn(expression: string): string[] {
  return expression.match(/\b(?:(?:parley|nodejs|process)_\w+|up\b)(?:\{[^}]*\})?/g) ?? []
}

/** What makes each alert fire: series as promtool writes them, and after how long. */
const fires: Record<string, readonly [series: Record<string, string>, after: string]> = {
  ParleyNodeDown: [{ 'up{job="parley",instance="a"}': '0x10' }, '3m'],
  ParleyDatabaseAway: [{ parley_database_answers: '0x10' }, '2m'],
  ParleyRedisAway: [{ parley_redis_up: '0x10' }, '3m'],
  ParleyDeliveryLag: [
    {
      'parley_delivery_lag_seconds_bucket{le="1"}': '0+1x20',
      'parley_delivery_lag_seconds_bucket{le="5"}': '0+60x20',
      'parley_delivery_lag_seconds_bucket{le="+Inf"}': '0+60x20',
    },
    '15m',
  ],
  ParleyHintsLost: [
    { parley_sweep_finds_total: '0+60x40', 'parley_sends_total{outcome="SENT"}': '0+120x40' },
    '30m',
  ],
  ParleySendsSlow: [
    {
      'parley_send_seconds_bucket{le="1"}': '0+1x20',
      'parley_send_seconds_bucket{le="5"}': '0+60x20',
      'parley_send_seconds_bucket{le="+Inf"}': '0+60x20',
    },
    '15m',
  ],
  ParleySendsFail: [
    { 'parley_sends_total{outcome="SENT"}': '0+90x20', 'parley_sends_total{outcome="FAILED"}': '0+1x20' },
    '15m',
  ],
  ParleyErrors: [
    {
      'parley_errors_total{code="SERVICE_UNAVAILABLE"}': '0+3x20',
      'parley_operation_seconds_count{type="query"}': '0+100x20',
    },
    '15m',
  ],
  ParleyFault: [{ 'parley_errors_total{code="INTERNAL"}': '0x5 1x10' }, '10m'],
  ParleyContentUnreadable: [{ 'parley_errors_total{code="CONTENT_UNREADABLE"}': '0x5 1x10' }, '10m'],
  ParleyPoolWaiting: [{ parley_database_waiting: '9x20' }, '12m'],
  ParleyContention: [{ 'parley_database_troubles_total{kind="contended"}': '0+30x20' }, '12m'],
  ParleyEventLoopLag: [{ 'nodejs_eventloop_lag_p99_seconds{job="parley"}': '0.5x10' }, '6m'],
  ParleyJobsWait: [{ parley_jobs_oldest_due_seconds: '400+60x20' }, '6m'],
  ParleyJobsGrow: [{ 'parley_jobs{state="due"}': '200+10x50' }, '40m'],
  ParleyJobsFailed: [{ 'parley_jobs{state="failed"}': '1x10' }, '6m'],
  ParleyNotificationsUnsent: [{ parley_unsent_notifications: '3x40' }, '30m'],
  ParleyReceiptsWait: [{ parley_pending_receipts: '2000x10' }, '6m'],
  ParleyResets: [{ 'parley_resets_total{reason="EXPIRED"}': '0+120x40' }, '30m'],
  ParleyEpochChanged: [{ 'parley_resets_total{reason="EPOCH_CHANGED"}': '0x5 1x10' }, '10m'],
  ParleyConnectionsCut: [{ parley_connections_cut_total: '0+120x40', parley_sockets: '100x40' }, '30m'],
  ParleyTokensRefused: [
    {
      'parley_socket_closes_total{code="4401"}': '0+300x40',
      'parley_errors_total{code="UNAUTHENTICATED"}': '0+300x40',
    },
    '30m',
  ],
  ParleyFilesRunOut: [
    { 'process_open_fds{job="parley"}': '900x10', 'process_max_fds{job="parley"}': '1000x10' },
    '6m',
  ],
}

test('the dashboard is well formed: its panels stand side by side, and ask the data source that is chosen', () => {
  expect(schemaVersion).toBe(39)
  expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
    ['datasource', 'datasource'],
    ['job', 'query'],
    ['instance', 'query'],
  ])
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(Math.max(...panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBe(24)
  const asked = panels.flatMap(({ datasource, targets = [] }) =>
    [datasource, ...targets.map((target) => target.datasource)].flatMap((each) => each?.uid ?? []),
  )
  expect(asked.filter((uid) => !/^\$\{datasource\}$/.test(uid))).toEqual([])
})

describeWithRedis('in a Prometheus', (redisUrl) => {
  let world: World
  let prometheus: Prometheus
  beforeAll(async () => {
    world = await World.start({ nodes: 2, redisUrl })
    const targets = [0, 1].map((node) => new URL(metricsUrl(world, node)).host)
    prometheus = await Prometheus.start(targets, pathOf('alerts.yaml'))
  })
  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
  })

  test('every metric is on the dashboard', async () => {
    const own = [...(await scrape(world)).keys()].filter((series) => series.startsWith('parley_'))
    const names = new Set(own.map((series) => series.replace(/(_bucket|_sum|_count)?(\{.*)?$/, '')))
    const shown = new Set(
      expressions
        .flatMap(([, expression]) => selectorsIn(expression))
        .map((selector) => selector.replace(/(_bucket|_sum|_count)?(\{.*)?$/, '')),
    )
    expect([...names].filter((name) => !shown.has(name))).toEqual([])
  })

  test('every expression is valid, and every series that it asks for is there', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, 1)
    const cursor = await updateCursor(doctor)
    const stream = doctor.follow()
    const sse = await SseStream.open(patient, 'subscription { updates { cursor change { __typename } } }')
    await stream.caughtUp()
    const rules = (await prometheus.rules()).map(({ name, query }) => [name, query] as const)
    expect(rules.length).toBeGreaterThan(0)

    // Rates want two scrapes, and garbage is collected when there is some.
    const missing = async () => {
      await patient.send(conversationId, 'hello')
      await allUpdatesAfter(doctor, cursor)
      const found: string[] = []
      const isEmpty = async (expression: string) => (await prometheus.query(expression)).length === 0
      for (const [name, expression] of expressions) if (await isEmpty(expression)) found.push(name)
      // An alert answers nothing as long as all is well.
      for (const [, expression] of rules) await prometheus.query(expression)
      for (const [name, expression] of [...expressions, ...rules])
        for (const selector of selectorsIn(expression))
          if (await isEmpty(`count(${selector})`)) found.push(`${name}: ${selector}`)
      return found
    }
    let left: string[] = []
    await until(
      async () => {
        left = await missing()
        return left.length === 0
      },
      () => left.join('\n'),
    )
    expect((await prometheus.query('sum(up{job="parley"})'))[0]?.value[1]).toBe('2')
    await sse.close()
    await stream.close()
  })

  test('who no longer answers is cut, and counted', async () => {
    const doctor = await world.person('DOCTOR')
    const url = world.url().replace('http', 'ws')
    const deaf = new RawSocket(url, new WebSocket(url, 'graphql-transport-ws', { autoPong: false }))
    await deaf.init({ authorization: `Bearer ${await token(doctor.externalId)}` })
    await deaf.until((frames) => frames.some(({ type }) => type === 'connection_ack'))
    expect((await deaf.ended).code).toBe(1006)
    const series = await scrape(world)
    expect(series.get('parley_connections_cut_total')).toBe(1)
    expect(series.get('parley_socket_closes_total{code="1006"}')).toBe(1)
  })
})

test('every alert is valid, says what to do, and fires when it should', async () => {
  const file = pathOf('alerts.yaml')
  await promtool('check', 'rules', file)
  await using world = await World.start()
  await using prometheus = await Prometheus.start([new URL(metricsUrl(world)).host], file)
  const rules = await prometheus.rules()
  expect(rules.map(({ name }) => name).sort()).toEqual(Object.keys(fires).sort())
  expect(
    rules.filter(
      ({ annotations, labels }) => !annotations.summary || !annotations.runbook || !labels.severity,
    ),
  ).toEqual([])

  const folder = await mkdtemp(join(tmpdir(), 'parley-alerts-'))
  try {
    const tests = Object.entries(fires).map(([name, [series, after]]) => ({
      interval: '1m',
      input_series: Object.entries(series).map(([key, values]) => ({ series: key, values })),
      promql_expr_test: [
        {
          expr: `count(ALERTS{alertname="${name}",alertstate="firing"})`,
          eval_time: after,
          exp_samples: [{ labels: '{}', value: 1 }],
        },
      ],
    }))
    const path = join(folder, 'tests.json')
    await writeFile(path, JSON.stringify({ rule_files: [file], evaluation_interval: '1m', tests }))
    await promtool('test', 'rules', path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
