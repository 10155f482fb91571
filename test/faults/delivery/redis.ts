import { once } from 'node:events'
import { connect } from 'node:net'
import { type RedisServer, startRedisServer } from '../../support/redis-server.js'

/** A Redis that can be killed, come back empty, stand still and pause, on one port. */
export class CrashableRedis implements AsyncDisposable {
  private constructor(private server: RedisServer) {}

  /** Rejects where no redis-server is installed. */
  static async start(): Promise<CrashableRedis> {
    return new CrashableRedis(await launch())
  }

  get port(): number {
    return this.server.port
  }

  get pid(): number {
    return this.server.pid
  }

  async kill(): Promise<void> {
    await this.server.stop()
  }

  /** Starts it again after a kill: without anything that it knew. */
  async restartEmpty(): Promise<void> {
    this.server = await launch(this.server.port)
  }

  /** Its process stands still, or goes on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.server.pid, name)
  }

  /** CLIENT PAUSE: it takes commands and answers none for so long. */
  async pause(milliseconds: number): Promise<void> {
    const socket = connect(this.server.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`CLIENT PAUSE ${milliseconds} ALL\r\n`)
    await once(socket, 'data')
    socket.destroy()
  }

  killNow(): void {
    this.server.killNow()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop()
  }
}

async function launch(port?: number): Promise<RedisServer> {
  const server = await startRedisServer(port)
  if (!server)
    throw new Error('redis-server is missing: `apt-get install redis-server` or `brew install redis`')
  return server
}
