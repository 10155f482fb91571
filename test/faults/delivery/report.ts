import type { Summary } from './summary.js'
import { faultsIn } from './verdict.js'

/** A run in lines, with what each zero is out of. */
export function reportOf(summary: Summary): string {
  const { tally, deliveries, faults, notes, nodes, findings } = summary
  const total = [...faults.counts.values()].reduce((sum, count) => sum + count, 0)
  const wrong = faultsIn(summary)
  return [
    `  said ${summary.said}, acknowledged ${summary.acknowledged}, in ${tally.attempts} attempts: ${tally.unknown} without an answer, ${countsOf(tally.codes) || 'no errors'}, ${tally.replayed} answered as said before`,
    ...[...deliveries].map(
      ([transport, { expected, seen, connections, receivers }]) =>
        `  ${transport}: ${seen} updates came of ${expected} to ${receivers} receivers, over ${connections} connections`,
    ),
    `  ${total} faults of ${faults.counts.size} kinds:`,
    ...[...faults.counts].map(([kind, count]) => `    ${String(count).padStart(3)} × ${kind}`),
    ...[...notes].map(([what, count]) => `    ${String(count).padStart(3)} times: ${what}`),
    ...nodes.map(
      ({ name, lines, startMilliseconds, stopMilliseconds, refusedStarts }) =>
        `  ${name}: ${lines} lines logged; ${startMilliseconds.length} starts (${rangeOf(startMilliseconds)}), ${refusedStarts} refused; ${stopMilliseconds.length} stops (${rangeOf(stopMilliseconds)})`,
    ),
    `  the last message came ${summary.lateMilliseconds} ms after the last fault was healed; ${summary.resets} resets`,
    `  ${Object.entries(findings)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    `  ${(summary.milliseconds / 1000).toFixed(0)} s in all`,
    ...(wrong.length === 0 ? ['  nothing is wrong'] : ['  WRONG:', ...wrong.map((line) => `    ${line}`)]),
    ...(wrong.length === 0 ? [] : summary.examples.map((example) => `    e.g. ${example.slice(0, 600)}`)),
  ].join('\n')
}

/** What happened when, and what the nodes said of it: for whoever looks for a cause. */
export function detailsOf({ faults, nodes }: Summary): string {
  return [
    '  the faults:',
    ...faults.lines.map((line) => `    ${line}`),
    ...nodes.flatMap(({ name, messages }) => [
      `  what ${name} logged:`,
      ...[...messages]
        .sort((a, b) => b[1] - a[1])
        .slice(0, 25)
        .map(([message, count]) => `    ${String(count).padStart(4)} × ${message.slice(0, 160)}`),
    ]),
  ].join('\n')
}

function countsOf(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([code, count]) => `${count} ${code}`).join(', ')
}

function rangeOf(milliseconds: readonly number[]): string {
  return milliseconds.length === 0 ? '–' : `${Math.min(...milliseconds)} to ${Math.max(...milliseconds)} ms`
}
