import { once } from 'node:events'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * What becomes of bytes: they pass; they wait and pass later (a partition that heals); they vanish, and the peer never hears
 * of its connection again (a black hole, a half-open connection: lost bytes can never be made up for).
 */
export type ProxyMode = 'pass' | 'hold' | 'swallow'

const holdPollMilliseconds = 20
/** Of one direction; beyond, the sender is made to wait, as a real network would. */
const mostWaiting = 1 << 20

/** A TCP proxy on a loopback port of its own, for a test to cut, swallow, hold, delay and slice what goes through. */
export class TcpProxy implements AsyncDisposable {
  /** Of each chunk, in each direction. */
  delayMilliseconds = 0
  /** The most bytes that are written at once; null: as they come. */
  largestPiece: number | null = null
  private mode: ProxyMode = 'pass'
  private readonly pairs = new Set<Pair>()

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private target: number | null,
  ) {}

  /** Listens in front of a loopback port; null: nobody is there, and connections are refused. */
  static async open(target: number | null): Promise<TcpProxy> {
    const server = createServer({ noDelay: true, allowHalfOpen: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('a proxy without a port')
    const proxy = new TcpProxy(server, address.port, target)
    server.on('connection', (client) => proxy.take(client))
    return proxy
  }

  /** Where new connections go from now on. */
  leadTo(target: number | null): void {
    this.target = target
  }

  /** Connections under way; those whose bytes were swallowed are among them. */
  get connections(): number {
    return this.pairs.size
  }

  /** The local ports of the connections to the target: how the target names whoever is behind them. */
  get upstreamPorts(): number[] {
    return [...this.pairs].flatMap(({ upstream }) => upstream?.localPort ?? [])
  }

  /** Ends all connections with a reset. */
  cut(): void {
    for (const pair of this.pairs) pair.reset()
  }

  /** From now on, for the connections that are there and those to come. */
  set(mode: ProxyMode): void {
    this.mode = mode
    if (mode === 'swallow') for (const pair of this.pairs) pair.isDeaf = true
  }

  /** Lets all pass again. Connections that lost bytes stay as they are, silent for ever, unless they are to be reset. */
  heal(resetSilent: boolean): void {
    this.mode = 'pass'
    this.delayMilliseconds = 0
    this.largestPiece = null
    if (resetSilent) for (const pair of this.pairs) if (pair.isDeaf) pair.reset()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.server.close()
    await once(this.server, 'close')
  }

  private take(client: Socket): void {
    const pair = new Pair(client, () => this.pairs.delete(pair))
    this.pairs.add(pair)
    if (this.mode === 'swallow') {
      pair.isDeaf = true
      client.resume()
    } else if (this.target === null) pair.reset()
    else {
      const upstream = dial({ port: this.target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
      pair.join(upstream)
      this.pipe(pair, client, upstream)
      this.pipe(pair, upstream, client)
    }
  }

  private pipe(pair: Pair, from: Socket, to: Socket): void {
    let tail: Promise<void> = Promise.resolve()
    let waiting = 0
    from.on('data', (chunk: Buffer) => {
      if (pair.isDeaf) return
      const due = performance.now() + this.delayMilliseconds
      waiting += chunk.length
      if (waiting > mostWaiting) from.pause()
      tail = tail.then(async () => {
        await this.hand(pair, to, chunk, due)
        waiting -= chunk.length
        if (waiting <= mostWaiting) from.resume()
      })
    })
    from.on('end', () => {
      // Of a connection that went silent not even the end is heard.
      tail = tail.then(() => {
        if (!pair.isDeaf) to.end()
      })
    })
  }

  private async hand(pair: Pair, to: Socket, chunk: Buffer, due: number): Promise<void> {
    const early = due - performance.now()
    if (early > 1) await sleep(early)
    while (this.mode === 'hold' && !pair.isOver) await sleep(holdPollMilliseconds)
    for (let from = 0; from < chunk.length; ) {
      if (pair.isDeaf || pair.isOver) return
      const size =
        this.largestPiece === null ? chunk.length : 1 + Math.floor(Math.random() * this.largestPiece)
      const mayGoOn = to.write(chunk.subarray(from, from + size))
      from += size
      if (!mayGoOn) await Promise.race([once(to, 'drain'), pair.ended]).catch(() => {})
      else if (this.largestPiece !== null) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** A client's connection and the one that was made for it. */
class Pair {
  /** Bytes were lost, so whatever comes is swallowed. */
  isDeaf = false
  isOver = false
  upstream: Socket | null = null
  readonly ended: Promise<void>
  private settle: () => void = () => {}

  constructor(
    private readonly client: Socket,
    private readonly onEnd: () => void,
  ) {
    this.ended = new Promise((resolve) => {
      this.settle = resolve
    })
    this.listen(client)
  }

  join(upstream: Socket): void {
    this.upstream = upstream
    this.listen(upstream)
  }

  reset(): void {
    this.isOver = true
    this.settle()
    this.onEnd()
    this.client.resetAndDestroy()
    this.upstream?.resetAndDestroy()
  }

  private listen(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    socket.on('close', (hadError) => {
      if (this.isOver || (this.isDeaf && !this.isAlone())) return
      const other = socket === this.client ? this.upstream : this.client
      if (hadError || !other || other.destroyed || this.isDeaf) this.reset()
    })
  }

  /** Whether neither side is left that could be told. */
  private isAlone(): boolean {
    return this.client.destroyed && (this.upstream?.destroyed ?? true)
  }
}
