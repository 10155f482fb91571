import type { Account, Findings } from './check.js'
import type { Ground } from './ground.js'
import { logOf, type NodeLog } from './logs.js'
import type { Receiver } from './receiver.js'
import type { FaultLog } from './schedule.js'
import type { Said, SendTally } from './sender.js'

/** What a run came to: what is wrong, and of how many. */
export interface Summary {
  readonly findings: Findings
  readonly examples: readonly string[]
  /** Invariants of the database that do not hold. */
  readonly rules: readonly string[]
  readonly unplannedExits: readonly string[]
  /** Nodes that do not answer, although everything was healed long ago. */
  readonly mute: readonly string[]
  /** Log lines that tell of a rejection or exception that nobody caught. */
  readonly uncaught: readonly string[]
  readonly resets: number
  /** Answers with a code that no fault excuses, by who got them. */
  readonly unexcused: readonly string[]
  /** From the healing of the last fault to the last message that came to a receiver; negative: all had come before. */
  readonly lateMilliseconds: number
  readonly said: number
  readonly acknowledged: number
  readonly tally: SendTally
  readonly deliveries: ReadonlyMap<
    string,
    { expected: number; seen: number; connections: number; receivers: number }
  >
  readonly faults: FaultLog
  readonly notes: ReadonlyMap<string, number>
  readonly nodes: readonly NodeLog[]
  readonly milliseconds: number
}

interface Evidence {
  readonly findings: Findings
  readonly examples: readonly string[]
  readonly rules: readonly string[]
  readonly mute: readonly string[]
  readonly said: readonly Said[]
  readonly tally: SendTally
  readonly accounts: readonly Account[]
  readonly receivers: readonly Receiver[]
  readonly faults: FaultLog
  readonly notes: ReadonlyMap<string, number>
  readonly ground: Ground
  readonly begunAt: number
}

/** What an outage may be answered with. */
const excused = new Set(['SERVICE_UNAVAILABLE', 'status 503'])

/** Puts together what a run came to, once its nodes have ended. */
export function summarise(evidence: Evidence): Summary {
  const { findings, examples, rules, said, tally, accounts, receivers, faults, notes, ground, begunAt } =
    evidence
  const deliveries = new Map<
    string,
    { expected: number; seen: number; connections: number; receivers: number }
  >()
  for (const [index, { transport, rows, received }] of accounts.entries()) {
    const sum = deliveries.get(transport) ?? { expected: 0, seen: 0, connections: 0, receivers: 0 }
    deliveries.set(transport, {
      expected: sum.expected + rows.length,
      seen: sum.seen + received.length,
      connections: sum.connections + (receivers[index]?.connections ?? 0),
      receivers: sum.receivers + 1,
    })
  }
  const lastMessageAt = Math.max(
    ...receivers.flatMap(
      ({ received }) =>
        received.findLast(({ update }) => update.change?.__typename === 'MessageSent')?.at ?? [],
    ),
  )
  const nodes = ground.nodes.map(logOf)
  return {
    findings,
    examples,
    rules,
    mute: evidence.mute,
    unplannedExits: ground.nodes.flatMap((node) => node.unplannedExits),
    uncaught: nodes.flatMap(({ uncaught }) => uncaught),
    resets: receivers.reduce((sum, receiver) => sum + receiver.resets, 0),
    unexcused: [
      ...unexcusedIn('senders', tally.codes),
      ...receivers.flatMap(({ person, codes }) => unexcusedIn(person.name, codes)),
    ],
    lateMilliseconds: Math.round(lastMessageAt - faults.healedAt),
    said: said.length,
    acknowledged: said.filter(({ acknowledgedAs }) => acknowledgedAs !== null).length,
    tally,
    deliveries,
    faults,
    notes,
    nodes,
    milliseconds: Math.round(performance.now() - begunAt),
  }
}

function unexcusedIn(who: string, codes: ReadonlyMap<string, number>): string[] {
  return [...codes].filter(([code]) => !excused.has(code)).map(([code, count]) => `${who}: ${code} ×${count}`)
}
