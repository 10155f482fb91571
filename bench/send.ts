import { cpus } from 'node:os'
import { sleep } from './children.js'
import { openFloorLine } from './floor/line.js'
import type { Ground } from './ground.js'
import { Load } from './load.js'
import { type CpuTimes, cpuBetween, sampleCpu, sampleMachine } from './machine.js'
import { openParleyLine } from './parley/line.js'
import { preparePairs } from './parley/people.js'
import { type Server, startFloor, startParley } from './servers.js'
import { percentile } from './table.js'
import { tokenFor } from './tokens.js'

export interface SendOptions {
  readonly pairs: number
  readonly inFlight: number
  readonly rate: number
  readonly seconds: number
  readonly warmUp: number
  readonly nodeOptions: readonly string[]
}

/** One mode on one server, for the seconds that were asked for. */
export interface Measure {
  readonly perSecond: number
  /** CPU milliseconds a message: server, postgres, redis; and the load generator, which is this process. */
  readonly cpu: CpuTimes
  readonly p50: number
  readonly p99: number
  /** The share of the machine that programs outside of this bench took meanwhile. */
  readonly elsewhere: number
}

/** One turn of one server: both modes, and what became of every message of the turn, warm-up included. */
export interface Turn {
  readonly closed: Measure
  readonly fixed: Measure
  readonly sent: number
  readonly lost: number
  readonly doubled: number
  readonly outOfOrder: number
  readonly faults: readonly string[]
}

const warmMessages = 3000

async function measure(load: Load, roots: Record<string, number>, seconds: number): Promise<Measure> {
  const { tally } = load
  tally.latencies = []
  tally.timing = true
  const [began, received] = [performance.now(), tally.received]
  const [cpu, own, machine] = [sampleCpu(roots), process.cpuUsage(), sampleMachine()]
  await sleep(seconds * 1000)
  const busy = sampleMachine() - machine
  const used = cpuBetween(cpu, sampleCpu(roots))
  const { user, system } = process.cpuUsage(own)
  const count = tally.received - received
  const elapsed = performance.now() - began
  tally.timing = false
  const all: CpuTimes = { ...used, generator: (user + system) / 1000 }
  const ours = Object.values(all).reduce((sum, spent) => sum + spent, 0)
  return {
    perSecond: (count * 1000) / elapsed,
    cpu: Object.fromEntries(Object.entries(all).map(([name, spent]) => [name, spent / count])),
    p50: percentile(tally.latencies, 0.5),
    p99: percentile(tally.latencies, 0.99),
    elsewhere: Math.max(0, busy - ours) / (elapsed * cpus().length),
  }
}

/** Code is warm after so many calls, not after so many seconds: on a busy machine it takes longer. */
async function warm({ tally }: Load, seconds: number): Promise<void> {
  const began = performance.now()
  const elapsed = (): number => (performance.now() - began) / 1000
  while (elapsed() < seconds || (tally.received < warmMessages && elapsed() < seconds * 5)) await sleep(100)
}

async function takeTurn(load: Load, ground: Ground, server: Server, options: SendOptions): Promise<Turn> {
  const roots = { server: server.pid, ...ground.processes }
  const { seconds, warmUp } = options
  load.startClosed(options.inFlight)
  await warm(load, warmUp)
  await ground.settle()
  await sleep(500)
  const closed = await measure(load, roots, seconds)
  await load.stop()
  load.startFixed(options.rate)
  await sleep(Math.min(warmUp, 2) * 1000)
  const fixed = await measure(load, roots, seconds)
  await load.stop()
  const { sent, lost, doubled, outOfOrder, faults, answered } = load.tally
  const unanswered = answered === sent ? [] : [`${sent - answered} sends were never answered`]
  const turn = { closed, fixed, sent, lost, doubled, outOfOrder, faults: [...faults, ...unanswered] }
  await load.close()
  await server.stop()
  return turn
}

export async function floorTurn(ground: Ground, options: SendOptions): Promise<Turn> {
  const server = await startFloor(ground)
  const load = await Load.connect(options.pairs, false, async (pair, side, listener) => {
    const names = [`patient-${pair}`, `doctor-${pair}`] as const
    const person = {
      url: server.socket,
      token: await tokenFor(names[side]),
      other: names[side === 0 ? 1 : 0],
      conversation: `conversation-${pair}`,
    }
    return openFloorLine(person, listener)
  })
  return takeTurn(load, ground, server, options)
}

export async function parleyTurn(ground: Ground, options: SendOptions): Promise<Turn> {
  const server = await startParley(ground, options.nodeOptions)
  const pairs = await preparePairs(server.socket, 'send', options.pairs)
  const load = await Load.connect(options.pairs, true, (index, side, listener) => {
    const pair = pairs[index]
    if (!pair) throw new Error(`no pair ${index}`)
    return openParleyLine(server.socket, pair.tokens[side], pair.conversationId, listener)
  })
  return takeTurn(load, ground, server, options)
}
