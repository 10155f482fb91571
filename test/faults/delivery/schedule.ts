import { setTimeout as sleep } from 'node:timers/promises'
import type { Kind, Stage } from './kinds/kind.js'

/** While what a fault would take is taken, another one is looked for this often. */
const lookMilliseconds = 100

/** What was done. */
export interface FaultLog {
  readonly counts: Map<string, number>
  /** When the last one was healed, by performance.now(). */
  healedAt: number
  /** What each fault did, with its time since the beginning; the seed gives it again. */
  readonly lines: string[]
}

export interface ScheduleOptions {
  readonly kinds: readonly Kind[]
  readonly betweenMilliseconds: number
  /** How often each kind comes at least. */
  readonly rounds: number
  /** Whether enough was said to stop once each kind has come often enough. */
  readonly isEnough: () => boolean
  readonly onRound: (round: number) => void
}

/**
 * Begins one fault after the other, while those before may still last, but none that would take what another one has: each kind
 * once in every round, in an order that the seed gives. Settles when the last one is healed.
 */
export async function runFaults(stage: Stage, options: ScheduleOptions): Promise<FaultLog> {
  const { kinds, rounds, isEnough, betweenMilliseconds, onRound } = options
  const log: FaultLog = { counts: new Map(), healedAt: performance.now(), lines: [] }
  const begun = performance.now()
  const taken = new Set<string>()
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  for (let round = 0; round < rounds || !isEnough(); round++) {
    const left = inOrder(stage.random.shuffled(kinds))
    while (left.length > 0 && failures.length === 0) {
      const node = stage.random.between(0, stage.ground.nodes.length - 1)
      const index = left.findIndex((kind) => takenBy(kind, node).every((name) => !taken.has(name)))
      const [kind] = index < 0 ? [] : left.splice(index, 1)
      if (!kind) {
        await sleep(lookMilliseconds)
        continue
      }
      const names = takenBy(kind, node)
      for (const name of names) taken.add(name)
      log.counts.set(kind.name, (log.counts.get(kind.name) ?? 0) + 1)
      const since = performance.now()
      const running = kind
        .run(stage, node)
        .catch((error: unknown) => {
          failures.push(error)
        })
        .finally(() => {
          for (const name of names) taken.delete(name)
          underWay.delete(running)
          const [from, to] = [since, performance.now()].map((at) => ((at - begun) / 1000).toFixed(1))
          log.lines.push(`${from} to ${to} s  ${kind.name}${names.some(isNode) ? ` (node ${node})` : ''}`)
        })
      underWay.add(running)
      await sleep(betweenMilliseconds)
    }
    if (failures.length > 0) break
    onRound(round + 1)
  }
  await Promise.all(underWay)
  if (failures.length > 0) throw failures[0]
  log.healedAt = performance.now()
  return log
}

/** What lingers comes first: its consequences are over when the last fault is healed. */
function inOrder(kinds: readonly Kind[]): Kind[] {
  return [...kinds.filter(({ lingers }) => lingers), ...kinds.filter(({ lingers }) => !lingers)]
}

function takenBy({ takes }: Kind, node: number): string[] {
  return takes.flatMap((name) => {
    if (name === 'node') return [`node ${node}`]
    if (name === 'both nodes') return ['node 0', 'node 1']
    return [name]
  })
}

function isNode(name: string): boolean {
  return name.startsWith('node ')
}
