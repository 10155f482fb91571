// Generates the Prisma client without fetching anything: `prisma generate` looks for a schema-engine
// binary that it never runs, so any existing file will do in its place.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The command line of Prisma, or null where only production dependencies are installed. */
function findPrisma() {
  try {
    const manifest = createRequire(import.meta.url).resolve('prisma/package.json')
    return join(dirname(manifest), 'build', 'index.js')
  } catch {
    return null
  }
}

const prisma = findPrisma()
if (prisma !== null) {
  const { status, error, stdout, stderr } = spawnSync(
    process.execPath,
    [prisma, 'generate', '--no-hints', ...process.argv.slice(2)],
    {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
    },
  )
  if (status !== 0) process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}\n`)
  process.exitCode = status ?? 1
}
