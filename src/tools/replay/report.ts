import { labels } from '../mts-dialog/mapping.js'
import { type Remark, remarkKinds, type Script, turnsIn } from '../mts-dialog/parse.js'
import type { Played } from './run.js'
import type { View } from './verify.js'

/** What the file holds, who speaks under which label, and what in it is not as it should be. */
export function describeScript(script: Script): string[] {
  const groups = script.dialogues.filter((dialogue) => dialogue.cast.length > 2).length
  return [
    `${script.dialogues.length} dialogues (${groups} of them groups), ${turnsIn(script)} turns to say`,
    `labels: ${labels.map(({ label, role }) => `${label} → ${role}`).join(', ')}`,
    ...remarkKinds.flatMap((kind) => describeRemarks(kind, script.remarks)),
  ]
}

function describeRemarks(kind: Remark['kind'], remarks: readonly Remark[]): string[] {
  const ofKind = remarks.filter((remark) => remark.kind === kind)
  if (ofKind.length === 0) return [`${kind}: none`]
  const shown = ofKind.slice(0, 10).map(({ dialogue, line, text }) => {
    return `  dialogue ${dialogue}, line ${line}${text.trim() === '' ? '' : `: ${JSON.stringify(text)}`}`
  })
  const rest = ofKind.length - shown.length
  return [`${kind}: ${ofKind.length}`, ...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])]
}

/** The figures and the comparison; `isEqual` is false when anything differed, broke off or was not played. */
export function describeRun(script: Script, played: readonly Played[], waits: number) {
  const done = played.flatMap(({ outcome }) => outcome ?? [])
  const latencies = done.flatMap((outcome) => [...outcome.latencies]).sort((a, b) => a - b)
  const views = done.flatMap((outcome) => [...outcome.views])
  const turns = (kind: View['kind']) => count(views, (view) => (view.kind === kind ? view.turns : 0))
  const faults = played.flatMap(describeFaults)
  const unplayed = script.dialogues.length - played.length
  if (unplayed > 0) faults.push(`  stopped before ${unplayed} dialogues were played`)
  const lines = [
    `played: ${done.length} dialogues, ${count(done, (outcome) => outcome.turns)} turns`,
    `from send to receipt: p50 ${percentile(latencies, 0.5)} ms, p95 ${percentile(latencies, 0.95)} ms ` +
      `(${latencies.length} receipts by others)`,
    ...(waits > 0 ? [`asked again when the server was away or said later: ${waits} times`] : []),
    `compared with the file, turn by turn: ${turns('stream')} turns as received live, ` +
      `${turns('history')} as kept in the histories, as each participant sees them`,
    faults.length === 0 ? 'no differences' : `differences: ${faults.length}`,
    ...faults.slice(0, 50),
    ...(faults.length > 50 ? [`  and ${faults.length - 50} more`] : []),
  ]
  return { lines, isEqual: faults.length === 0 }
}

/** One line for each view that differs: how far, and where first. */
function describeFaults({ dialogue, outcome, brokenBy }: Played): string[] {
  if (brokenBy !== undefined) return [`  dialogue ${dialogue.id} broke off: ${brokenBy}`]
  const differing = (outcome?.views ?? []).filter((view) => view.differences.length > 0)
  return differing.map(({ name, differences }) => {
    const others = differences.length > 1 ? ` (and ${differences.length - 1} more)` : ''
    return `  dialogue ${dialogue.id}, ${name}: ${differences[0]}${others}`
  })
}

function percentile(sorted: readonly number[], share: number): string {
  const value = sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)]
  return value === undefined ? '–' : value.toFixed(1)
}

const count = <Item>(items: readonly Item[], of: (item: Item) => number) =>
  items.reduce((sum, item) => sum + of(item), 0)
