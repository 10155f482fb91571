import { fileURLToPath } from 'node:url'
import { ParleyProcess } from './parley-process.js'
import type { World } from './world.js'

const main = fileURLToPath(new URL('../../src/tools/import/main.ts', import.meta.url))

/** Starts the importer as an operator does: a process of its own. */
export function startImport(env: Record<string, string>, ...args: readonly string[]): ParleyProcess {
  return ParleyProcess.start(env, ['--import', 'tsx', main, ...args])
}

/** What makes the importer work on a world's database, with its keys. */
export function environmentOf(world: World): Record<string, string> {
  return {
    DATABASE_URL: world.database.connectionString,
    PARLEY_DATA_DIR: world.services().config.dataDir,
    MIGRATE: 'off',
  }
}

/** What it wrote to stderr, without the lines that tell how far it is. */
export function complaintsOf(command: ParleyProcess): string {
  return command.stderr.replaceAll(/^\d+%, .*\n/gm, '')
}
