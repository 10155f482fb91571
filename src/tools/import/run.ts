import type { ImportContext } from '../../features/history/context.js'
import { endImports } from '../../features/history/end.js'
import { importBatch } from '../../features/history/import-batch.js'
import type { Entry } from './entries.js'
import type { Tally } from './tally.js'

// Of both kinds whichever comes first: so much is in memory at a time. What messages lock is closed to sends.
const linesPerBatch = 1000
const bytesPerBatch = 4 * 1024 * 1024

/** Told of everything that is not simply imported, line by line, and of how far it has come. */
export interface Reporter {
  refused(place: string, why: string): void
  skipped(place: string, why: string): void
  progress(share: number): void
}

export interface Outcome {
  /** How many conversations' imports were ended. */
  readonly ended: number
  /** False where it was stopped before its end. */
  readonly isComplete: boolean
}

/**
 * Imports what a file holds, and ends the imports of its conversations once all of it is read. Stopped, it finishes its
 * batch and leaves the conversations closed, for the next run to go on with.
 */
export async function runImport(
  ctx: ImportContext,
  entries: AsyncIterable<Entry>,
  stop: AbortSignal,
  tally: Tally,
  reporter: Reporter,
): Promise<Outcome> {
  const batches = batchesOf(entries)
  let coming = batches.next()
  for (;;) {
    const { value: batch, done } = await coming
    if (done) break
    if (stop.aborted) return { ended: 0, isComplete: false }
    // Read and parsed while the database works.
    coming = batches.next()
    coming.catch(() => {})
    await importEntries(ctx, batch, tally, reporter)
    reporter.progress(batch.at(-1)?.share ?? 0)
  }
  let ended = 0
  const isComplete = await endImports(ctx, stop, (conversations) => {
    ended += conversations
    reporter.progress(1)
  })
  return { ended, isComplete }
}

async function* batchesOf(entries: AsyncIterable<Entry>): AsyncGenerator<Entry[]> {
  let batch: Entry[] = []
  let bytes = 0
  for await (const entry of entries) {
    batch.push(entry)
    bytes += entry.bytes
    if (batch.length < linesPerBatch && bytes < bytesPerBatch) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

async function importEntries(
  ctx: ImportContext,
  batch: readonly Entry[],
  tally: Tally,
  reporter: Reporter,
): Promise<void> {
  const verdicts = await importBatch(
    ctx,
    batch.flatMap((entry) => (entry.kind === 'record' ? [{ line: entry.line, record: entry.record }] : [])),
  )
  for (const entry of batch) {
    if (entry.kind === 'skipped') {
      tally.noteSkip(entry.why)
      reporter.skipped(entry.place, entry.why)
    } else if (entry.kind === 'refused') {
      tally.noteFormless()
      reporter.refused(entry.place, entry.why)
    } else {
      const verdict = verdicts.get(entry.line)
      if (!verdict) throw new Error('a line without verdict')
      tally.note(entry.record.type, verdict)
      if (verdict.outcome === 'REFUSED') reporter.refused(entry.place, verdict.why)
      if (verdict.outcome === 'KNOWN' && verdict.why !== undefined) {
        tally.noteSkip(verdict.why)
        reporter.skipped(entry.place, verdict.why)
      }
    }
  }
}
