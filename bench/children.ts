import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

const running = new Set<ChildProcess>()

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(1))
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A child that never outlives this process. The last of what it says is kept, and shown if it dies. */
export class Child {
  readonly #process: ChildProcess
  #said = ''

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    this.#process = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd,
      // Only what is named here: a DATABASE_URL of the shell must never reach a server under test.
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    })
    for (const output of [this.#process.stdout, this.#process.stderr]) {
      output?.on('data', (chunk: Buffer) => {
        this.#said = (this.#said + chunk.toString()).slice(-4000)
      })
    }
    running.add(this.#process)
    this.#process.once('exit', () => running.delete(this.#process))
    this.#process.once('error', (error) => {
      this.#said += error.message
      running.delete(this.#process)
    })
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`did not start: ${this.#said}`)
    return this.#process.pid
  }

  /** Polls until `ready` answers true; fails as soon as the child has died, or after `seconds`. */
  async waitUntil(ready: () => Promise<boolean>, seconds = 60): Promise<void> {
    const deadline = performance.now() + seconds * 1000
    while (!(await ready().catch(() => false))) {
      if (!running.has(this.#process)) throw new Error(`a child process died while starting: ${this.#said}`)
      if (performance.now() > deadline) throw new Error(`not ready after ${seconds} s: ${this.#said}`)
      await sleep(50)
    }
  }

  async stop(): Promise<void> {
    if (!running.has(this.#process)) return
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 12_000)
    await gone
    clearTimeout(late)
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** A port that was free a moment ago, on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
