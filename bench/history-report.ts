import { cpus } from 'node:os'
import { groupBy } from '../src/platform/group-by.js'
import { floorHistory } from './floor/history.js'
import type { Ground } from './ground.js'
import { longPlaces, otherPlaces, type Place, pageSize, type Read, type Shape } from './history.js'
import { type CpuTimes, cpuBetween, sampleCpu, sampleMachine } from './machine.js'
import { parleyHistory } from './parley/history.js'
import { type Server, startFloor, startParley } from './servers.js'
import { expectation, figure, median, percentile, table } from './table.js'

export interface HistoryOptions extends Shape {
  readonly seconds: number
  readonly rounds: number
  readonly readers: number
  readonly nodeOptions: readonly string[]
}

const mostRatio = 1.3
const warmPages = 1500

/** Pages at different depths of a long history; prints what each costs, and how many a second there are beside the floor. */
export async function runHistory(ground: Ground, options: HistoryOptions): Promise<void> {
  const [floor, parley] = [await startFloor(ground), await startParley(ground, options.nodeOptions)]
  const [long, others] = [longPlaces(options), otherPlaces(options)]
  const all = [...long, ...others]
  const { read, filled } = await parleyHistory(ground, parley, options, all)
  const readFloor = await floorHistory(ground, floor, options, all.filter(isPage))

  for (let count = 0; count < warmPages; count += 1) await read(turn(all, count))
  const times = await oneByOne(long, others, read, options.seconds)
  // Half of the pages are of the long conversation, half of the others in turn.
  const pages = others.filter(isPage).flatMap((place, index) => [place, turn(long.filter(isPage), index)])
  const mixed = pages.length > 0 ? pages : long.filter(isPage)
  const crowds: Record<'floor' | 'parley', Crowd[]> = { floor: [], parley: [] }
  for (let count = 0; count < warmPages; count += 1) await readFloor(turn(mixed, count))
  for (let round = 0; round < options.rounds; round += 1) {
    crowds.floor.push(await allAtOnce(mixed, readFloor, options, rootsOf(floor, ground)))
    crowds.parley.push(await allAtOnce(mixed, read, options, rootsOf(parley, ground)))
  }
  await floor.stop()
  await parley.stop()

  const shape = `${options.messages.toLocaleString('en')} messages in ${options.conversations.toLocaleString('en')} conversations`
  console.log(
    `\nhistory: pages of ${pageSize} over HTTP, of ${shape}, a tenth of them in one\n${ground.description}; ` +
      `${options.seconds} s a figure\n\nParley, one reader, places by turns\n`,
  )
  reportPlaces(times)
  reportCrowds(crowds, options)
  console.log(`Parley was filled through its own functions at ${figure(filled)} messages/s`)
}

const isPage = ({ kind }: Place): boolean => kind !== 'window'

function turn<T>(all: readonly T[], count: number): T {
  const found = all[count % all.length]
  if (found === undefined) throw new Error('nothing to take turns')
  return found
}

const rootsOf = (server: Server, ground: Ground): Record<string, number> => ({
  server: server.pid,
  postgres: ground.processes.postgres,
})

/** By turns, so that whatever disturbs the machine disturbs every place alike; of the others always the next one. */
async function oneByOne(
  long: readonly Place[],
  others: readonly Place[],
  read: Read,
  seconds: number,
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>()
  const kinds = [...groupBy(others, ({ name }) => name).values()]
  const deadline = performance.now() + seconds * 1000
  for (let count = 0; performance.now() < deadline; count += 1) {
    for (const place of [...long, ...kinds.map((kind) => turn(kind, count))]) {
      const took = times.get(place.name) ?? []
      took.push(await read(place))
      times.set(place.name, took)
    }
  }
  return times
}

function reportPlaces(times: ReadonlyMap<string, number[]>): void {
  const lines = [...times].map(([name, each]) => {
    return [name, figure(each.length), figure(median(each)), figure(percentile(each, 0.99))]
  })
  console.log(table(['place', 'pages', 'p50 ms', 'p99 ms'], lines))
  console.log('')
  for (const [what, isOf] of [
    ['pages', (name: string) => !name.endsWith('window')],
    ['windows', (name: string) => name.endsWith('window')],
  ] as const) {
    const middles = [...times].filter(([name]) => isOf(name)).map(([, each]) => median(each))
    const ratio = Math.max(...middles) / Math.min(...middles)
    const said = `${what}: dearest place over cheapest, p50, at most ${mostRatio}`
    console.log(expectation(said, ratio, ratio <= mostRatio))
  }
}

/** What several readers at once got. */
interface Crowd {
  readonly perSecond: number
  readonly p50: number
  readonly cpu: CpuTimes
  /** The share of the machine that programs outside of this bench took meanwhile. */
  readonly elsewhere: number
}

async function allAtOnce(
  places: readonly Place[],
  read: Read,
  { seconds, readers }: HistoryOptions,
  roots: Record<string, number>,
): Promise<Crowd> {
  const times: number[] = []
  const [before, own, machine, began] = [
    sampleCpu(roots),
    process.cpuUsage(),
    sampleMachine(),
    performance.now(),
  ]
  let count = 0
  const reader = async (): Promise<void> => {
    while (performance.now() - began < seconds * 1000) {
      count += 1
      times.push(await read(turn(places, count)))
    }
  }
  await Promise.all(Array.from({ length: readers }, reader))
  const elapsed = performance.now() - began
  const busy = sampleMachine() - machine
  const { user, system } = process.cpuUsage(own)
  const cpu: CpuTimes = { ...cpuBetween(before, sampleCpu(roots)), generator: (user + system) / 1000 }
  const ours = Object.values(cpu).reduce((sum, spent) => sum + spent, 0)
  return {
    perSecond: (times.length * 1000) / elapsed,
    p50: median(times),
    cpu: Object.fromEntries(Object.entries(cpu).map(([name, spent]) => [name, spent / times.length])),
    elsewhere: Math.max(0, busy - ours) / (elapsed * cpus().length),
  }
}

const rows: readonly (readonly [label: string, of: (crowd: Crowd) => number])[] = [
  ['pages/s', ({ perSecond }) => perSecond],
  ['p50 ms', ({ p50 }) => p50],
  ['CPU ms a page, server process', ({ cpu }) => cpu.server ?? Number.NaN],
  ['CPU ms a page, PostgreSQL', ({ cpu }) => cpu.postgres ?? Number.NaN],
  ['(readers, not counted)', ({ cpu }) => cpu.generator ?? Number.NaN],
]

function reportCrowds({ floor, parley }: Record<'floor' | 'parley', Crowd[]>, options: HistoryOptions): void {
  console.log(
    `\n${options.readers} readers at once, half of the pages of the long conversation, half of the others in turn; median of ` +
      `${options.rounds} rounds taken by turns\n`,
  )
  const lines = rows.map(([label, of]) => {
    const [low, high] = [median(floor.map(of)), median(parley.map(of))]
    return [label, figure(low), figure(high), figure(high / low)]
  })
  console.log(table(['', 'floor', 'Parley', 'ratio'], lines))
  const disturbed = Math.max(...[...floor, ...parley].map(({ elsewhere }) => elsewhere))
  console.log(`\nother programs took up to ${Math.round(disturbed * 100)} % of the machine meanwhile`)
}
