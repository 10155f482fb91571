import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** CPU milliseconds by name of the process tree that used them. */
export type CpuTimes = Readonly<Record<string, number>>

interface ProcessTimes {
  parent: number
  ticks: number
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/**
 * One line of /proc/<pid>/stat. The time of children that have exited and been waited for counts too:
 * a PostgreSQL backend that ends between two samples moves its time into its postmaster's.
 */
function timesOf(pid: number): ProcessTimes | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = line
      .slice(line.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0)
    return { parent: fields[1] ?? 0, ticks }
  } catch {
    return undefined
  }
}

export function parentOf(pid: number): number {
  const times = timesOf(pid)
  if (!times) throw new Error(`process ${pid} is not there: CPU accounting reads /proc, so it needs Linux`)
  return times.parent
}

/** The CPU time used so far by each named process and everything below it. */
export function sampleCpu(roots: Readonly<Record<string, number>>): CpuTimes {
  const table = new Map<number, ProcessTimes>()
  for (const entry of readdirSync('/proc')) {
    const times = /^\d+$/.test(entry) ? timesOf(Number(entry)) : undefined
    if (times) table.set(Number(entry), times)
  }
  const within = (pid: number, root: number): boolean => {
    for (let here = pid; here > 1; here = table.get(here)?.parent ?? 0) if (here === root) return true
    return false
  }
  const total = (root: number): number =>
    [...table].reduce((sum, [pid, times]) => (within(pid, root) ? sum + times.ticks : sum), 0)
  return Object.fromEntries(
    Object.entries(roots).map(([name, root]) => [name, (total(root) * 1000) / ticksPerSecond]),
  )
}

export function cpuBetween(before: CpuTimes, after: CpuTimes): CpuTimes {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]))
}

/** What the figures were measured on, to be printed with them. */
export function describeMachine(): string {
  const cores = cpus()
  return `${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'}), node ${process.version}`
}

/** CPU milliseconds that the whole machine was busy since it started, whoever used them. */
export function sampleMachine(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
}
