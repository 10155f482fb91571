import { WebSocket } from 'ws'
import type { ParleyProcess } from './parley-process.js'

/** What a process holds once its garbage is collected. */
export interface Holdings {
  readonly heapMiB: number
  /** The heap and what lies outside it, buffers above all. */
  readonly memoryMiB: number
  readonly timers: number
  readonly sockets: number
}

/** Looks into a process that was started with `--inspect=127.0.0.1:0`. Nothing of the program takes part in it. */
export class Inspector {
  private constructor(private readonly socket: WebSocket) {}

  static async attach(process: ParleyProcess): Promise<Inspector> {
    const [, url = ''] = await process.printed(/Debugger listening on (ws:\S+)/)
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return new Inspector(socket)
  }

  /** Collecting stops the process for a moment each time: once, where others are measured meanwhile. */
  async holdings(collections = 3): Promise<Holdings> {
    await this.call('HeapProfiler.enable')
    for (let times = 0; times < collections; times++) await this.call('HeapProfiler.collectGarbage')
    const expression = `JSON.stringify({
      heap: process.memoryUsage().heapUsed, external: process.memoryUsage().external, resources: process.getActiveResourcesInfo() })`
    const { result } = await this.call<{ result: { value: string } }>('Runtime.evaluate', { expression })
    const { heap, external, resources } = JSON.parse(result.value) as {
      heap: number
      external: number
      resources: string[]
    }
    const count = (type: string) => resources.filter((resource) => resource === type).length
    return {
      heapMiB: heap / 1024 / 1024,
      memoryMiB: (heap + external) / 1024 / 1024,
      timers: count('Timeout') + count('Immediate'),
      sockets: count('TCPSocketWrap'),
    }
  }

  close(): void {
    this.socket.close()
  }

  private calls = 0

  private call<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++this.calls
    return new Promise((resolve) => {
      const listen = (data: unknown) => {
        const answer = JSON.parse(String(data)) as { id?: number; result: Result }
        if (answer.id !== id) return
        this.socket.off('message', listen)
        resolve(answer.result)
      }
      this.socket.on('message', listen)
      this.socket.send(JSON.stringify({ id, method, params }))
    })
  }
}
