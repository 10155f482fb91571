import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { isAlive, ownPid, processStart } from './process-identity.js'
import { StartupError } from './startup-error.js'

/** That this process alone works on a Parley data directory. */
export interface InstanceLock extends AsyncDisposable {
  /** Gives the directory free, if it is still ours. A process that dies need not: the next one sees that. */
  release(): Promise<void>
}

const Holder = z.object({
  pid: z.number().int().positive(),
  address: z.string(),
  started: z.string().nullable(),
})
const giveUpMs = 10_000
const pollMs = 10
// It is held for a few system calls; an older one belongs to a process that died in between.
const markerLastsMs = 3_000

/**
 * Takes `dataDir` for this process, by its `parley.pid`, and makes the directory if need be. A StartupError
 * of one line, with the address, where a living Parley has it; what a dead one left is taken over, also when
 * several try at once (one gets it) and when its process id has been given to something else.
 */
export async function acquireInstanceLock(dataDir: string, address: string): Promise<InstanceLock> {
  await mkdir(dataDir, { recursive: true })
  const file = join(dataDir, 'parley.pid')
  const mine = JSON.stringify({ pid: ownPid, address, started: await processStart(ownPid) })
  for (const began = performance.now(); performance.now() - began < giveUpMs; ) {
    if (await createExclusively(file, mine)) {
      const release = () => releaseLock(file, mine)
      return { release, [Symbol.asyncDispose]: release }
    }
    const found = await readFile(file, 'utf8').catch(() => null)
    if (found === null) continue
    await refuseLiving(found, dataDir)
    await removeDead(file, found)
  }
  throw new StartupError(`${file} can't be taken: is another Parley starting there at this moment?`)
}

// A link appears with its content or not at all, so nobody reads a lock that is half written.
async function createExclusively(file: string, content: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, content, { mode: 0o600 })
  try {
    await link(draft, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function refuseLiving(content: string, dataDir: string): Promise<void> {
  const holder = parse(content)
  if (holder === null || !isAlive(holder.pid)) return
  const started = await processStart(holder.pid)
  if (started === null || holder.started === null) {
    // The system doesn't tell processes of one id apart: our own id is the only sure reuse.
    if (holder.pid === ownPid) return
  } else if (started !== holder.started) return
  const where = `at ${holder.address} (process ${holder.pid})`
  throw new StartupError(
    `Parley already runs on ${dataDir}, ${where}: stop it, or give this one another PARLEY_DATA_DIR`,
  )
}

function parse(content: string): z.infer<typeof Holder> | null {
  try {
    return Holder.safeParse(JSON.parse(content)).data ?? null
  } catch {
    return null
  }
}

// A dead lock is removed only under a marker of its own: without it, one of several that have read the dead
// lock would remove the live one that another has made in the meantime.
async function removeDead(file: string, dead: string): Promise<void> {
  const marker = `${file}.taking`
  if (!(await createExclusively(marker, ''))) {
    const since = await stat(marker).catch(() => null)
    if (since !== null && Date.now() - since.mtimeMs > markerLastsMs) await rm(marker, { force: true })
    await sleep(pollMs)
    return
  }
  try {
    if ((await readFile(file, 'utf8').catch(() => null)) === dead) await rm(file, { force: true })
  } finally {
    await rm(marker, { force: true })
  }
}

async function releaseLock(file: string, mine: string): Promise<void> {
  const found = await readFile(file, 'utf8').catch(() => null)
  if (found === mine) await rm(file, { force: true })
}
