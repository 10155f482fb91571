import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { freePort } from '../../src/platform/free-port.js'

/** A redis-server of our own, without persistence. */
export type RedisServer = { url: string; port: number; pid: number; stop(): Promise<void>; killNow(): void }

const attempts = 5

/** Starts one on a free loopback port, or this one; null where no redis-server is installed. Rejects if it ends at once. */
export async function startRedisServer(wantedPort?: number): Promise<RedisServer | null> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wantedPort ?? (await freePort())
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    const child = spawn('redis-server', [...flags, '--daemonize', 'no'], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const outcome = await settled(child)
    if (outcome === 'missing') return null
    if (outcome === 'ready' && child.pid !== undefined) return serverOf(child, child.pid, port)
    if (attempt === attempts) throw new Error('redis-server ends as soon as it starts')
  }
}

function serverOf(child: ChildProcess, pid: number, port: number): RedisServer {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const killNow = () => {
    child.kill('SIGKILL')
  }
  const stop = () => {
    if (child.exitCode === null && child.signalCode === null) killNow()
    else return Promise.resolve()
    return ended
  }
  return { url: `redis://127.0.0.1:${port}`, port, pid, stop, killNow }
}

function settled(child: ChildProcess): Promise<'ready' | 'ended' | 'missing'> {
  return new Promise((resolve) => {
    child.once('error', () => resolve('missing'))
    child.once('exit', () => resolve('ended'))
    if (child.stdout === null) return
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve('ready')
    })
  })
}
