import type { ImportRecord, Verdict } from '../../features/history/records.js'

const names = [
  ['person', 'people'],
  ['appointment', 'appointments'],
  ['conversation', 'conversations'],
  ['message', 'messages'],
] as const

type Counts = Record<Verdict['outcome'], number>

/** What became of the lines of a file, counted. */
export class Tally {
  private readonly counts = new Map<ImportRecord['type'], Counts>()
  private readonly skips = new Map<string, number>()
  private formless = 0

  note(type: ImportRecord['type'], verdict: Verdict): void {
    const counts = this.counts.get(type) ?? { ADDED: 0, KNOWN: 0, REFUSED: 0 }
    counts[verdict.outcome] += 1
    this.counts.set(type, counts)
  }

  /** A line that says nothing that could be imported. */
  noteFormless(): void {
    this.formless += 1
  }

  noteSkip(why: string): void {
    this.skips.set(why, (this.skips.get(why) ?? 0) + 1)
  }

  /** Messages that are there now. */
  get messages(): number {
    const counts = this.counts.get('message')
    return counts ? counts.ADDED + counts.KNOWN : 0
  }

  get refused(): number {
    return [...this.counts.values()].reduce((sum, counts) => sum + counts.REFUSED, this.formless)
  }

  lines(): string[] {
    const types = names.flatMap(([type, name]) => {
      const counts = this.counts.get(type)
      return counts ? [`${name}: ${describe(counts)}`] : []
    })
    return [
      ...types,
      ...(this.formless > 0 ? [`lines that could not be read: ${this.formless} refused`] : []),
      ...[...this.skips].map(([why, count]) => `skipped: ${count} × ${why}`),
    ]
  }
}

function describe(counts: Counts): string {
  return `${counts.ADDED} added, ${counts.KNOWN} there already, ${counts.REFUSED} refused`
}
