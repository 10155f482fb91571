import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TcpProxy } from '../../support/proxy.js'
import { startWatchdog } from '../../support/watchdog.js'
import { environmentOf } from '../../support/world.js'
import { Node } from './node.js'
import { CrashablePostgres } from './postgres.js'
import { CrashableRedis } from './redis.js'

const nodeCount = 2

export interface GroundOptions {
  /** What each node runs. */
  readonly program: string
  /** Whether the nodes have a Redis. Without one nothing tells a node of another's commits but its own sweep. */
  readonly hasRedis: boolean
}

/** Two nodes, a PostgreSQL and a Redis, all of them processes of our own, and a proxy on each way between two of them. */
export class Ground implements AsyncDisposable {
  private callOff: () => void
  private readonly killAll = () => {
    for (const node of this.nodes) node.killNow()
    this.redis?.killNow()
  }

  private constructor(
    readonly nodes: readonly Node[],
    readonly postgres: CrashablePostgres,
    readonly redis: CrashableRedis | null,
    private readonly directory: string,
  ) {
    this.callOff = this.watchdog()
    process.once('exit', this.killAll)
  }

  static async start({ program, hasRedis }: GroundOptions): Promise<Ground> {
    const directory = await mkdtemp(join(tmpdir(), 'parley-faults-nodes-'))
    const [postgres, redis] = await Promise.all([
      CrashablePostgres.start(),
      hasRedis ? CrashableRedis.start() : null,
    ])
    const nodes: Node[] = []
    // One key for both: the first to start makes it.
    const data = join(directory, 'data')
    await mkdir(data)
    for (let index = 0; index < nodeCount; index++) {
      const around = {
        front: await TcpProxy.open(null),
        database: await TcpProxy.open(postgres.port),
        redis: redis && (await TcpProxy.open(redis.port)),
      }
      const options = around.redis ? { redisUrl: `redis://127.0.0.1:${around.redis.port}` } : {}
      const env = {
        ...environmentOf(postgres.connectionStringAt(around.database.port), options),
        PARLEY_DATA_DIR: data,
        MESSAGING_POLICY: 'open',
      }
      nodes.push(new Node(`node ${index}`, around, program, env))
    }
    const ground = new Ground(nodes, postgres, redis, directory)
    try {
      for (const node of nodes) await node.start()
      return ground
    } catch (error) {
      await ground[Symbol.asyncDispose]()
      throw error
    }
  }

  node(index: number): Node {
    const node = this.nodes[index]
    if (!node) throw new Error(`there is no node ${index}`)
    return node
  }

  /** PostgreSQL ends at once, and comes back after `away`. */
  async restartPostgres(away: Promise<void>): Promise<void> {
    await this.postgres.crash()
    await away
    await this.postgres.recover()
    for (const node of this.nodes) node.around.database.leadTo(this.postgres.port)
    this.guard()
  }

  /** Redis is killed, and comes back empty after `away`. */
  async restartRedis(away: Promise<void>): Promise<void> {
    await this.redis?.kill()
    await away
    await this.redis?.restartEmpty()
    this.guard()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) {
      node.signal('SIGCONT')
      await node.kill()
      for (const proxy of Object.values(node.around)) await proxy?.[Symbol.asyncDispose]()
    }
    await Promise.all([this.postgres[Symbol.asyncDispose](), this.redis?.[Symbol.asyncDispose]()])
    this.callOff()
    process.off('exit', this.killAll)
    await rm(this.directory, { recursive: true, force: true })
  }

  /** After a restart there are others to end with this process. */
  private guard(): void {
    this.callOff()
    this.callOff = this.watchdog()
  }

  private watchdog(): () => void {
    return startWatchdog({
      postgresPid: this.postgres.pid,
      redisPid: this.redis?.pid ?? null,
      directories: [this.directory],
    })
  }
}
