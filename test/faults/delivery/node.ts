import { setTimeout as sleep } from 'node:timers/promises'
import { ParleyProcess } from '../../support/parley-process.js'
import type { TcpProxy } from '../../support/proxy.js'

const startAgainMilliseconds = 250
const longestStop = 12_000
const longestStart = 60_000

/** The proxies around a node: in front of it, and between it and what it uses. */
export interface Surroundings {
  readonly front: TcpProxy
  readonly database: TcpProxy
  /** Null: the node is run without Redis. */
  readonly redis: TcpProxy | null
}

/** A node as a supervisor keeps it: started again when it has ended. What ends without being told to is noted. */
export class Node {
  /** How it ended where nobody ended it. */
  readonly unplannedExits: string[] = []
  /** Starts that ended before the node was ready: the database was away. */
  refusedStarts = 0
  /** What a start needed until it was ready, and a stop until it was over. */
  readonly startMilliseconds: number[] = []
  readonly stopMilliseconds: number[] = []
  /** Of its own, behind the proxy. */
  port = 0
  private readonly before: string[] = []
  private running: ParleyProcess | null = null
  private isToEnd = false

  constructor(
    readonly name: string,
    readonly around: Surroundings,
    private readonly program: string,
    private readonly env: Record<string, string>,
  ) {}

  /** Starts it, again and again until it is ready: it can't start while the database is away. */
  async start(): Promise<void> {
    const deadline = performance.now() + longestStart
    for (;;) {
      const since = performance.now()
      const started = ParleyProcess.start(this.env, [this.program])
      this.running = started
      this.isToEnd = false
      try {
        const [, url = ''] = await started.printed(/ready url="([^"]+)"/)
        this.startMilliseconds.push(Math.round(performance.now() - since))
        this.port = Number(new URL(url).port)
        this.around.front.leadTo(this.port)
        void this.watch(started)
        return
      } catch (error) {
        this.refusedStarts += 1
        this.before.push(started.stdout, started.stderr)
        this.running = null
        if (performance.now() > deadline) throw error
        await sleep(startAgainMilliseconds)
      }
    }
  }

  /** SIGKILL: it can say nothing more. */
  async kill(): Promise<void> {
    await this.endWith('SIGKILL')
  }

  /** SIGTERM: it takes its leave; an exit code, or a stop that takes too long, is noted as unplanned. */
  async stop(): Promise<void> {
    const since = performance.now()
    const late = setTimeout(() => this.running?.child.kill('SIGKILL'), longestStop)
    const code = await this.endWith('SIGTERM')
    clearTimeout(late)
    this.stopMilliseconds.push(Math.round(performance.now() - since))
    if (code !== 0) this.unplannedExits.push(`${this.name}: SIGTERM ended with ${code ?? 'a signal'}`)
  }

  /** Its process stands still, or goes on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.running?.child.kill(name)
  }

  killNow(): void {
    this.running?.child.kill('SIGKILL')
  }

  /** All that it has logged since its first start. */
  get log(): string {
    return [...this.before, this.running?.stdout ?? '', this.running?.stderr ?? ''].join('')
  }

  private async endWith(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const { running } = this
    if (!running) return 0
    this.isToEnd = true
    const code = await running.end(signal)
    this.around.front.leadTo(null)
    this.before.push(running.stdout, running.stderr)
    this.running = null
    return code
  }

  private async watch(started: ParleyProcess): Promise<void> {
    const code = await started.exitCode()
    if (this.isToEnd || this.running !== started) return
    this.unplannedExits.push(`${this.name}: ended with ${code ?? 'a signal'}`)
    this.before.push(started.stdout, started.stderr)
    this.running = null
    this.around.front.leadTo(null)
    await this.start()
  }
}
