import type { Ground } from './ground.js'
import { fillConversation, type Place, pageSize, place, placesOf, readPage } from './history.js'
import { cpuBetween, sampleCpu } from './machine.js'
import { preparePairs } from './parley/people.js'
import { startParley } from './servers.js'
import { expectation, figure, median, percentile, table } from './table.js'

export interface HistoryOptions {
  readonly messages: number
  readonly seconds: number
  readonly readers: number
  readonly nodeOptions: readonly string[]
}

const mostRatio = 1.3

/** Pages at different depths of one long conversation; prints what each costs. */
export async function runHistory(ground: Ground, options: HistoryOptions): Promise<void> {
  const server = await startParley(ground, options.nodeOptions)
  const [pair] = await preparePairs(server.socket, `history-${Date.now()}`, 1)
  if (!pair) throw new Error('no pair')
  const wanted = placesOf(options.messages)
  const began = performance.now()
  const cursors = await fillConversation(
    server.socket,
    pair,
    options.messages,
    new Set(wanted.map(({ from }) => from)),
  )
  const filled = options.messages / ((performance.now() - began) / 1000)
  await ground.settle()
  const places = wanted.map((each) => place(each, cursors))
  const read = (each: Place): Promise<number> => readPage(server.http, pair, each)
  for (let count = 0; count < 300; count += 1) for (const each of places) await read(each)

  const times = await oneByOne(places, read, options.seconds)
  const crowd = await allAtOnce(places, read, options, { server: server.pid, ...ground.processes })
  await server.stop()

  console.log(
    `\nhistory: pages of ${pageSize} out of ${options.messages} messages over HTTP; one reader, places by turns\n` +
      `${ground.description}; ${options.seconds} s a figure\n`,
  )
  const middles = times.map((each) => median(each))
  const lines = places.map(({ name }, index) => {
    const each = times[index] ?? []
    return [name, figure(each.length), figure(median(each)), figure(percentile(each, 0.99))]
  })
  console.log(table(['place', 'pages', 'p50 ms', 'p99 ms'], lines))
  const ratio = Math.max(...middles) / Math.min(...middles)
  console.log(`
${expectation(`dearest place over cheapest, p50, at most ${mostRatio}`, ratio, ratio <= mostRatio)}
${options.readers} readers at once: ${figure(crowd.perSecond)} pages/s, CPU ms a page: ${crowd.cpu}
the conversation was filled through the API, one conversation, at ${figure(filled)} messages/s`)
}

/** By turns, so that whatever disturbs the machine disturbs every place alike. */
async function oneByOne(
  places: readonly Place[],
  read: (place: Place) => Promise<number>,
  seconds: number,
): Promise<number[][]> {
  const times: number[][] = places.map(() => [])
  const deadline = performance.now() + seconds * 1000
  while (performance.now() < deadline) {
    for (const [index, each] of places.entries()) times[index]?.push(await read(each))
  }
  return times
}

async function allAtOnce(
  places: readonly Place[],
  read: (place: Place) => Promise<number>,
  { seconds, readers }: HistoryOptions,
  roots: Record<string, number>,
): Promise<{ perSecond: number; cpu: string }> {
  const began = performance.now()
  const before = sampleCpu(roots)
  let pages = 0
  const reader = async (start: number): Promise<void> => {
    for (let count = start; performance.now() - began < seconds * 1000; count += 1) {
      const each = places[count % places.length]
      if (each) await read(each)
      pages += 1
    }
  }
  await Promise.all(Array.from({ length: readers }, (_, index) => reader(index)))
  const used = Object.entries(cpuBetween(before, sampleCpu(roots)))
  const perSecond = pages / ((performance.now() - began) / 1000)
  return { perSecond, cpu: used.map(([name, spent]) => `${name} ${figure(spent / pages)}`).join(', ') }
}
