import { collectDefaultMetrics, Registry } from 'prom-client'
import { type ErrorCode, errorCodes } from '../../errors.js'
import { counter, counterBy, gauge, gaugeBy, histogram, histogramBy } from './instruments.js'

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const batchSizes = [1, 2, 4, 8, 16, 32, 64]

const sendOutcomes = [
  'SENT',
  'REPLAYED',
  'CANNOT_SEND',
  'RATE_LIMITED',
  'NOT_FOUND',
  'UNAUTHENTICATED',
  'FAILED',
] as const
const resetReasons = ['EXPIRED', 'BACKLOG_TOO_LONG', 'EPOCH_CHANGED'] as const
const troubles = ['retried', 'contended', 'away'] as const
/** What a socket of ours closes with; everything else is `other`. */
const closeCodes = ['1000', '1001', '1005', '1006', '1009', '1012', '1013'] as const
const ownCloseCodes = ['4400', '4401', '4403', '4408', '4409', '4429', '4500'] as const

const streams = ['socket', 'sse'] as const
export type Streaming = (typeof streams)[number]

const errorCodeNames = Object.keys(errorCodes).filter(isErrorCode)

/**
 * What a node counts of its own doing, and tells whoever asks for `/metrics`. All of it stands here: labels are of a few fixed
 * values, never people or conversations. Each node has its own, also where several share a process.
 */
export class Metrics {
  private readonly registry = new Registry()

  readonly sends = this.countBy(
    'parley_sends_total',
    'Messages that were to be sent, by what came of it. FAILED: the database did not answer, or not in time.',
    'outcome',
    sendOutcomes,
  )
  readonly sendSeconds = this.observe(
    'parley_send_seconds',
    'From when a message waits for its batch until it is committed or refused.',
    seconds,
  )
  readonly sendBatchSize = this.observe(
    'parley_send_batch_size',
    'Messages in a call of the send function.',
    batchSizes,
  )
  readonly sendsPassedOver = this.count(
    'parley_sends_passed_over_total',
    'Messages that a batch passed over since somebody else held their conversation; they were sent after it.',
  )

  readonly deliveries = this.countBy(
    'parley_deliveries_total',
    'Updates handed to a client’s connection, by transport; poll: as part of a page.',
    'transport',
    [...streams, 'poll'],
  )
  readonly deliveryLagSeconds = histogramBy(
    this.registry,
    'parley_delivery_lag_seconds',
    'From when an update was written until it was handed to the connection of a client that was there. Holds the difference of the two machines’ clocks.',
    'transport',
    streams,
    seconds,
  )
  readonly backlogReads = this.count(
    'parley_backlog_reads_total',
    'Reads of what a stream had missed before it began; each that begins makes one at least.',
  )
  readonly gapReads = this.count(
    'parley_gap_reads_total',
    'Reads of a stream that was live, and fell behind or missed a row.',
  )
  readonly sweepFinds = this.count(
    'parley_sweep_finds_total',
    'Streams that the sweep found further than hints had told.',
  )
  readonly resets = this.countBy(
    'parley_resets_total',
    'StreamResets, by reason: clients that had to refetch.',
    'reason',
    resetReasons,
  )

  readonly sockets = this.gauge('parley_sockets', 'Open sockets.')
  readonly people = this.gauge('parley_people', 'People with a connection to this node.')
  readonly subscriptions = this.gaugeBy<string>(
    'parley_subscriptions',
    'Subscriptions under way, by field.',
    'field',
  )
  private readonly closes = this.countBy(
    'parley_socket_closes_total',
    'Sockets that closed, by code.',
    'code',
    [...closeCodes, ...ownCloseCodes, 'other'],
  )
  readonly cutConnections = this.count(
    'parley_connections_cut_total',
    'Sockets and streams over SSE that were cut since their client was gone or no longer read.',
  )

  readonly operationSeconds = histogramBy(
    this.registry,
    'parley_operation_seconds',
    'Execution of queries and mutations, by type.',
    'type',
    ['query', 'mutation'],
    seconds,
  )
  readonly errors = this.countBy(
    'parley_errors_total',
    'Errors told to clients, by code: entries of errors[], error members of result unions, refused requests.',
    'code',
    errorCodeNames,
  )

  readonly databaseTroubles = this.countBy(
    'parley_database_troubles_total',
    'Statements and transactions that met a deadlock or a lock timeout and were tried again (retried), did so until they were given up (contended), or had no answer (away).',
    'kind',
    troubles,
  )
  // Before what is asked of the database, or that question would count itself.
  readonly connections = this.gaugeBy<'busy' | 'idle'>(
    'parley_database_connections',
    'Connections of the pool to the database, by state.',
    'state',
  )
  readonly mostConnections = this.gauge(
    'parley_database_connections_limit',
    'How many connections the pool opens at most.',
  )
  readonly waiting = this.gauge(
    'parley_database_waiting',
    'Statements and transactions that wait for a connection.',
  )
  readonly databaseAnswers = this.gauge(
    'parley_database_answers',
    'Whether the database answers, asked by a scrape at most every five seconds; 0 after a second without an answer.',
  )
  readonly redisUp = this.gauge(
    'parley_redis_up',
    'Whether the connections to Redis stand. Absent without Redis.',
  )

  readonly jobs = this.gaugeBy<'due' | 'running' | 'later' | 'failed'>(
    'parley_jobs',
    'Background jobs, of all nodes: due, running, later, and failed for good. Counted up to 10,000.',
    'state',
  )
  readonly oldestJobSeconds = this.gauge(
    'parley_jobs_oldest_due_seconds',
    'How long the oldest job that is due has waited; 0: none is.',
  )
  readonly pendingReceipts = this.gauge(
    'parley_pending_receipts',
    'Receipts in groups that wait to be told. Counted up to 10,000.',
  )
  readonly unsentNotifications = this.gauge(
    'parley_unsent_notifications',
    'Notifications that no channel has taken yet. Counted up to 10,000.',
  )

  /** Event loop, memory, garbage collection of the process. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry })
  }

  socketClosed(code: number): void {
    const known = [...closeCodes, ...ownCloseCodes].find((each) => each === String(code))
    this.closes(known ?? 'other')
  }

  /** An error that a client is told, by the code in it. */
  errorTold(code: unknown): void {
    if (isErrorCode(code)) this.errors(code)
  }

  /** All of it as Prometheus reads it. Never rejects for want of the database. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.registry.contentType, body: await this.registry.metrics() }
  }

  private count(name: string, help: string) {
    return counter(this.registry, name, help)
  }

  private countBy<Value extends string>(name: string, help: string, label: string, values: readonly Value[]) {
    return counterBy(this.registry, name, help, label, values)
  }

  private observe(name: string, help: string, buckets: readonly number[]) {
    return histogram(this.registry, name, help, buckets)
  }

  private gauge(name: string, help: string) {
    return gauge(this.registry, name, help)
  }

  private gaugeBy<Value extends string>(name: string, help: string, label: string) {
    return gaugeBy<Value>(this.registry, name, help, label)
  }
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code)
}
