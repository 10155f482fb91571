import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ground } from './ground.js'
import { dig, list, number, text } from './json.js'
import { figure, table } from './table.js'

/** Microseconds that each sampled function was itself on the CPU. */
interface Share {
  readonly name: string
  readonly home: string
  spent: number
}

/** Prints where Parley's time went: its functions by their own time, and PostgreSQL's statements. */
export async function reportProfiles(ground: Ground, directory: string): Promise<void> {
  const shares = new Map<string, Share>()
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.cpuprofile'))) {
    addProfile(shares, JSON.parse(readFileSync(join(directory, file), 'utf8')))
  }
  const busy = [...shares.values()].filter(({ name }) => name !== '(idle)' && name !== '(program)')
  const total = busy.reduce((sum, { spent }) => sum + spent, 0)
  const percent = (spent: number): string => `${((spent / total) * 100).toFixed(1)} %`
  const homes = new Map<string, number>()
  for (const { home, spent } of busy) homes.set(home, (homes.get(home) ?? 0) + spent)
  const top = <T>(all: readonly T[], count: number, of: (each: T) => number): T[] =>
    all.toSorted((a, b) => of(b) - of(a)).slice(0, count)
  console.log('\nParley, own time by package (start included, idle left out)\n')
  console.log(
    table(
      ['package', 'share'],
      top([...homes], 20, ([, spent]) => spent).map(([home, spent]) => [home, percent(spent)]),
    ),
  )
  console.log('\nParley, own time by function\n')
  console.log(
    table(
      ['function', 'share'],
      top(busy, 40, ({ spent }) => spent).map(({ name, spent }) => [name, percent(spent)]),
    ),
  )
  await reportStatements(ground)
}

function addProfile(shares: Map<string, Share>, profile: unknown): void {
  const nodes = new Map<number, Share>()
  for (const node of list(profile, 'nodes')) {
    const url = text(node, 'callFrame', 'url')
    const line = number(node, 'callFrame', 'lineNumber') + 1
    const file = url.replace(/^.*\/node_modules\//, '').replace(/^file:.*\/dist\//, 'dist/')
    const called = text(node, 'callFrame', 'functionName') || '(anonymous)'
    const name = url === '' ? called : `${called}  ${file}:${line}`
    const share = shares.get(name) ?? { name, home: homeOf(url, called), spent: 0 }
    shares.set(name, share)
    nodes.set(number(node, 'id'), share)
  }
  const times = list(profile, 'timeDeltas')
  for (const [index, id] of list(profile, 'samples').entries()) {
    const share = typeof id === 'number' ? nodes.get(id) : undefined
    const time = times[index]
    if (share && typeof time === 'number') share.spent += time
  }
}

function homeOf(url: string, called: string): string {
  if (url === '') return called.startsWith('(') ? called : '(native)'
  if (url.startsWith('node:')) return url.startsWith('node:internal/') ? 'node:internal' : url
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  if (dependency !== undefined) return dependency
  return /\/(dist\/(?:features\/|platform\/)?[^/]+)/.exec(url)?.[1] ?? url
}

async function reportStatements(ground: Ground): Promise<void> {
  await ground.query('parley', 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements')
  const rows = await ground.query(
    'parley',
    `SELECT calls::int, total_exec_time AS total, mean_exec_time * 1000 AS mean, rows::int, toplevel,
       left(regexp_replace(query, '\\s+', ' ', 'g'), 150) AS query
     FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
     ORDER BY total_exec_time DESC LIMIT 40`,
  )
  const lines = rows.map((row) => {
    const depth = dig(row, 'toplevel') === true ? '' : '  · '
    const figures = ['total', 'calls', 'rows', 'mean'].map((name) => figure(number(row, name)))
    return [depth + text(row, 'query'), ...figures]
  })
  console.log('\nPostgreSQL, statements by time (· inside a function: contained in its caller)\n')
  console.log(table(['statement', 'total ms', 'calls', 'rows', 'mean µs'], lines))
}
