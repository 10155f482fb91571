import type { Summary } from './summary.js'

const longestLateMilliseconds = 5000
/** A node logs when something goes and when it is back: a few lines a fault, however much fails meanwhile. */
const linesPerFault = 12
const linesOfALife = 100

/** What a run that is in order has none of: one line for each thing that is wrong. */
export function faultsIn(summary: Summary): string[] {
  const { findings, rules, unplannedExits, uncaught, unexcused, resets, lateMilliseconds, nodes, faults } =
    summary
  const faultCount = [...faults.counts.values()].reduce((sum, count) => sum + count, 0)
  const mostLines = linesOfALife + linesPerFault * faultCount
  return [
    ...Object.entries(findings).flatMap(([name, count]) => (count > 0 ? [`${name}: ${count}`] : [])),
    ...rules.map((rule) => `an invariant of the database does not hold: ${rule}`),
    ...unplannedExits.map((exit) => `an unplanned exit: ${exit}`),
    ...summary.mute.map((node) => `a node does not answer: ${node}`),
    ...uncaught.map((line) => `nobody caught: ${line}`),
    ...unexcused.map((code) => `an answer that no fault excuses: ${code}`),
    ...(resets > 0 ? [`streams were reset: ${resets}`] : []),
    ...(lateMilliseconds > longestLateMilliseconds
      ? [`the last message came ${lateMilliseconds} ms after the last fault was healed`]
      : []),
    ...nodes.flatMap(({ name, internal }) =>
      internal.map((line) => `${name} answered INTERNAL: ${line.slice(0, 300)}`),
    ),
    ...nodes.flatMap(({ name, lines }) =>
      lines > mostLines ? [`${name} logged ${lines} lines, more than ${mostLines}`] : [],
    ),
  ]
}
