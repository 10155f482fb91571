import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, isPostgresIn } from '../process-identity.js'
import { StartupError } from '../startup-error.js'

/**
 * Stops a postmaster that a dead run has left on `data`, and clears its pid file away; a file that names
 * no PostgreSQL of this directory is only cleared away. Takes as long as a fast shutdown, at most 15 s.
 */
export async function stopLeftover(data: string, log: { warn(fields: object, message: string): void }) {
  const file = join(data, 'postmaster.pid')
  const content = await readFile(file, 'utf8').catch(() => null)
  if (content === null) return
  const pid = Math.abs(Number.parseInt(content, 10))
  if (pid > 0 && isAlive(pid) && (await isPostgresIn(pid, data))) {
    log.warn({ pid, data }, 'stopping the PostgreSQL that an earlier run has left')
    await stopProcess(pid)
  }
  await rm(file, { force: true })
}

/**
 * A fast shutdown (SIGINT), after 8 s an immediate one (SIGQUIT: the next start recovers from the log); a
 * StartupError if the process outlives that by 5 s, or belongs to somebody else.
 */
export async function stopProcess(pid: number): Promise<void> {
  if (signal(pid, 'SIGINT') && (await ended(pid, 8_000))) return
  if (signal(pid, 'SIGQUIT') && (await ended(pid, 5_000))) return
  if (isAlive(pid))
    throw new StartupError(`PostgreSQL (process ${pid}) does not stop: end it and start again`)
}

function signal(pid: number, name: 'SIGINT' | 'SIGQUIT'): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return !isAlive(pid)
  }
}

async function ended(pid: number, withinMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + withinMs
  while (isAlive(pid)) {
    if (performance.now() >= giveUpAt) return false
    await sleep(10)
  }
  return true
}
