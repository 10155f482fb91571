import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile, readlink, realpath } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The id of this process. */
export const ownPid = process.pid

/** Whether a process of this id runs, whoever owns it; one that has ended and waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  return !isZombie(pid)
}

// In a container nobody may ever reap what a dead parent has left.
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false
  try {
    return fieldsAfterCommand(readFileSync(`/proc/${pid}/stat`, 'utf8'))[0] === 'Z'
  } catch {
    return false
  }
}

/**
 * What tells a process from a later one of the same id: when it started, and on Linux in which boot. Null
 * where the process is gone or the system doesn't say.
 */
export async function processStart(pid: number): Promise<string | null> {
  try {
    if (process.platform === 'linux') {
      const [stat, boot] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      ])
      const ticks = fieldsAfterCommand(stat)[19]
      return ticks === undefined ? null : `${boot.trim()}:${ticks}`
    }
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)])
    return stdout.trim() === '' ? null : stdout.trim()
  } catch {
    return null
  }
}

// The second field of /proc/<pid>/stat, the command in brackets, may hold anything. After it come the state
// (field 3), and the start time (field 22).
function fieldsAfterCommand(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Whether `pid` is a PostgreSQL that works in `directory`; elsewhere than on Linux, whether it is any. */
export async function isPostgresIn(pid: number, directory: string): Promise<boolean> {
  try {
    if (process.platform === 'linux') {
      return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(directory))
    }
    const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)])
    return stdout.includes('postgres')
  } catch {
    return false
  }
}
