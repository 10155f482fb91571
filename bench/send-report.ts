import type { Ground } from './ground.js'
import { floorTurn, type Measure, parleyTurn, type SendOptions, type Turn } from './send.js'
import { expectation, figure, median, table } from './table.js'

const leastThroughput = 0.35
const mostCpu = 0.45
const mostDisturbed = 0.1

type Row = readonly [label: string, of: (turn: Turn) => number]

const spent = (measure: Measure, name: string): number => measure.cpu[name] ?? Number.NaN
const onServer = ({ cpu }: Measure): number => (cpu.server ?? 0) + (cpu.postgres ?? 0) + (cpu.redis ?? 0)

const rows: readonly Row[] = [
  ['closed loop: messages/s', ({ closed }) => closed.perSecond],
  ['  CPU ms a message, server process', ({ closed }) => spent(closed, 'server')],
  ['  CPU ms a message, PostgreSQL', ({ closed }) => spent(closed, 'postgres')],
  ['  CPU ms a message, Redis', ({ closed }) => spent(closed, 'redis')],
  ['  CPU ms a message, these three', ({ closed }) => onServer(closed)],
  ['  (load generator, not counted)', ({ closed }) => spent(closed, 'generator')],
  ['  p50 ms', ({ closed }) => closed.p50],
  ['  p99 ms', ({ closed }) => closed.p99],
  ['fixed rate: messages/s', ({ fixed }) => fixed.perSecond],
  ['  CPU ms a message, these three', ({ fixed }) => onServer(fixed)],
  ['  p50 ms', ({ fixed }) => fixed.p50],
  ['  p99 ms', ({ fixed }) => fixed.p99],
]

/** Floor and Parley by turns; prints medians and their ratios. Answers whether Parley lost nothing. */
export async function runSend(ground: Ground, options: SendOptions, rounds: number): Promise<boolean> {
  const floor: Turn[] = []
  const parley: Turn[] = []
  for (let round = 1; round <= rounds; round += 1) {
    await ground.settle()
    floor.push(await floorTurn(ground, options))
    await ground.settle()
    parley.push(await parleyTurn(ground, options))
    const speeds = [floor, parley].map((turns) => figure(turns.at(-1)?.closed.perSecond ?? Number.NaN))
    console.error(`send, round ${round} of ${rounds}: floor ${speeds[0]}/s, Parley ${speeds[1]}/s`)
  }
  console.log(
    `\nsend: ${options.pairs} pairs over WebSocket, both people receive every message; closed loop with ` +
      `${options.inFlight} in flight a pair, then ${options.rate} a second; latency from the send to the ` +
      `other's receipt\n${ground.description}; ${options.seconds} s a figure after ${options.warmUp} s of ` +
      `warm-up, median of ${rounds} rounds taken by turns\n`,
  )
  const middle = (turns: readonly Turn[], row: Row): number => median(turns.map(row[1]))
  const lines = rows.map((row) => {
    const [low, high] = [middle(floor, row), middle(parley, row)]
    return [row[0], figure(low), figure(high), figure(high / low)]
  })
  console.log(table(['', 'floor', 'Parley', 'ratio'], lines))
  console.log(`\n${verdict(floor, parley)}\n${account('Parley', parley)}`)
  console.log(account('floor, which promises no order', floor))
  return parley.every(intact)
}

function verdict(floor: readonly Turn[], parley: readonly Turn[]): string {
  const speed = (turns: readonly Turn[]): number => median(turns.map(({ closed }) => closed.perSecond))
  const throughput = speed(parley) / speed(floor)
  const cpu = median(parley.map(({ closed }) => onServer(closed)))
  const measures = [...floor, ...parley].flatMap(({ closed, fixed }) => [closed, fixed])
  const disturbed = Math.max(...measures.map(({ elsewhere }) => elsewhere))
  const advice = disturbed > mostDisturbed ? ': measure again when it is quiet' : ''
  return [
    `other programs took up to ${Math.round(disturbed * 100)} % of the machine meanwhile${advice}`,
    expectation(
      `throughput over the floor's, at least ${leastThroughput}`,
      throughput,
      throughput >= leastThroughput,
    ),
    expectation(`CPU ms a message, at most ${mostCpu}`, cpu, cpu <= mostCpu),
  ].join('\n')
}

function intact(turn: Turn): boolean {
  return turn.lost + turn.doubled + turn.outOfOrder + turn.faults.length === 0
}

function account(name: string, turns: readonly Turn[]): string {
  const sum = (of: (turn: Turn) => number): number => turns.reduce((total, turn) => total + of(turn), 0)
  const sent = sum((turn) => turn.sent)
  const faults = turns.flatMap((turn) => turn.faults).map((fault) => `\n        ${fault}`)
  return (
    `${turns.every(intact) ? 'intact' : 'FAULTY'}  ${name}: ${sent} sent, ${sent - sum((turn) => turn.lost)} received by ` +
    `both, ${sum((turn) => turn.doubled)} doubled, ${sum((turn) => turn.outOfOrder)} out of order${faults.join('')}`
  )
}
