import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../../src/platform/log.js'
import type { Entry } from '../../src/tools/import/entries.js'
import { readJsonl } from '../../src/tools/import/jsonl.js'
import { readMtsDialog } from '../../src/tools/import/mts-dialog.js'
import { type Reporter, runImport } from '../../src/tools/import/run.js'
import { openServices } from '../../src/tools/import/services.js'
import { Tally } from '../../src/tools/import/tally.js'
import type { World } from './world.js'

/** What an import reported. */
export interface Imported {
  /** One line for everything that was refused or skipped, as the command prints it. */
  readonly notes: readonly string[]
  /** The counts, as the command prints them. */
  readonly counts: readonly string[]
  readonly ended: number
  readonly isComplete: boolean
}

export interface ImportOptions {
  /** Stops after this batch, as Ctrl-C does. */
  readonly stopAfterBatches?: number
}

/** Imports entries into a world's database, as the command does, within this process. */
export async function importEntries(
  world: World,
  entries: AsyncIterable<Entry>,
  options: ImportOptions = {},
): Promise<Imported> {
  await using services = await openServices(
    world.services().config,
    createLog({ level: 'error', pretty: true }),
  )
  const stop = new AbortController()
  const tally = new Tally()
  const notes: string[] = []
  let batches = 0
  const reporter: Reporter = {
    refused: (place, why) => notes.push(`${place}: refused: ${why}`),
    skipped: (place, why) => notes.push(`${place}: skipped: ${why}`),
    progress: () => {
      batches += 1
      if (batches === options.stopAfterBatches) stop.abort()
    },
  }
  const outcome = await runImport(services.context, entries, stop.signal, tally, reporter)
  return { ...outcome, notes, counts: tally.lines() }
}

/** Imports a file of MTS-Dialog. */
export async function importMts(world: World, file: string, options?: ImportOptions): Promise<Imported> {
  return importEntries(world, (await readMtsDialog(file)).entries, options)
}

/** Imports JSON lines; what is not a string is written as JSON. */
export async function importLines(
  world: World,
  lines: readonly unknown[],
  options?: ImportOptions,
): Promise<Imported> {
  await using file = await temporaryFile(lines)
  return await importEntries(world, readJsonl(file.path), options)
}

/** A file of lines that goes when it is disposed of. */
export async function temporaryFile(lines: readonly unknown[]) {
  const directory = await mkdtemp(join(tmpdir(), 'parley-import-'))
  const path = join(directory, 'history.jsonl')
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  await writeFile(path, `${text.join('\n')}\n`)
  return { path, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}
