import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const patienceMilliseconds = 60_000

/** Parley as an operator starts it: a process of its own, with an environment of its own. */
export class ParleyProcess {
  stdout = ''
  stderr = ''
  private readonly exited: Promise<number | null>
  private isOver = false

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString()
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    // `close` comes when the output has been read to its end, too.
    this.exited = once(child, 'close').then(([code]) => {
      this.isOver = true
      return code
    })
  }

  /** Starts src/main.ts, or the program of `args`, with nothing of our own environment but the path. */
  static start(env: Record<string, string>, args: readonly string[] = ['--import', 'tsx', main]) {
    const { PATH = '', HOME = '', TMPDIR } = process.env
    const inherited = TMPDIR === undefined ? { PATH, HOME } : { PATH, HOME, TMPDIR }
    const child = spawn(process.execPath, args, {
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new ParleyProcess(child)
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('it did not start')
    return this.child.pid
  }

  /** Waits until something has been printed or logged, and gives the match. Fails when the process ends without it. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    return until(
      () => {
        const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
        if (!found && this.isOver) throw new Error(`it ended: ${this.stdout}${this.stderr}`)
        return found
      },
      () => `${pattern} to be printed; there is ${this.stdout}${this.stderr}`,
    )
  }

  /** Sends a signal and waits for the end; gives the exit code, null where a signal ended it. */
  async end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    this.child.kill(signal)
    return this.exited
  }

  /** Waits until it ends by itself. */
  exitCode(): Promise<number | null> {
    return this.exited
  }

  /** The ids of the processes that it has started, and those have. */
  async descendants(): Promise<number[]> {
    const children = new Map<number, number[]>()
    const { stdout } = await run('ps', ['-A', '-o', 'pid=', '-o', 'ppid='])
    for (const line of stdout.trim().split('\n')) {
      const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number)
      children.set(parent, [...(children.get(parent) ?? []), pid])
    }
    const below = (pid: number): number[] =>
      (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)])
    return below(this.pid)
  }
}

/** Waits until something is there. */
export async function until<T>(
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  what: string | (() => string),
): Promise<T> {
  const deadline = Date.now() + patienceMilliseconds
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline)
      throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`)
    await sleep(20)
  }
}
