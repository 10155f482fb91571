import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { EmbeddedPostgres } from '../../platform/db/embedded.js'
import { startTemporaryPostgres } from '../../platform/db/embedded-temporary.js'
import type { Issuer } from './tokens.js'

const patienceMs = 120_000

/** As an operator would run it: the figures are to be true. */
const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' }

/** A Parley of our own with an empty database, both in temporary folders, which go when it is disposed of. */
export class OwnServer implements AsyncDisposable {
  #isGone = false

  private constructor(
    readonly url: string,
    readonly issuer: Issuer,
    readonly child: ChildProcess,
    readonly database: EmbeddedPostgres,
    readonly folder: string,
  ) {}

  /** Comes back when the server is ready; throws with the end of its output when it does not get so far. */
  static async start(env: NodeJS.ProcessEnv, serviceSubject: string): Promise<OwnServer> {
    const database = await startTemporaryPostgres({ settings: durable })
    const folder = await mkdtemp(join(tmpdir(), 'parley-replay-'))
    const address = `127.0.0.1:${await freePort()}`
    const issuer = { secret: randomBytes(32).toString('base64url'), issuer: 'parley', audience: 'parley' }
    const settings = {
      HOST: '127.0.0.1',
      PORT: address.split(':')[1],
      DATABASE_URL: database.connectionString,
      PARLEY_DATA_DIR: folder,
      PARLEY_SEED: 'none',
      JWT_SECRET: issuer.secret,
      JWT_ISSUER: issuer.issuer,
      JWT_AUDIENCE: issuer.audience,
      SERVICE_SUBJECTS: serviceSubject,
      RATE_LIMITS: 'off',
    }
    const child = spawnParley({ ...inherited(env), ...settings })
    const server = new OwnServer(`http://${address}/graphql`, issuer, child, database, folder)
    process.once('exit', () => server.#killNow())
    try {
      await server.#ready(`http://${address}/readyz`)
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isRunning()) {
      const exit = once(this.child, 'exit')
      this.child.kill('SIGTERM')
      await exit
    }
    await this.database.stop()
    await rm(this.folder, { recursive: true, force: true })
    this.#isGone = true
  }

  #isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  #killNow(): void {
    if (this.#isGone) return
    this.child.kill('SIGKILL')
    this.database.killNow()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #ready(url: string): Promise<void> {
    let output = ''
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4000)
      })
    const deadline = performance.now() + patienceMs
    while (performance.now() < deadline && this.#isRunning()) {
      const response = await fetch(url).catch(() => undefined)
      if (response?.status === 200) return
      await delay(100)
    }
    throw new Error(`The server did not become ready:\n${output}`)
  }
}

/** A process group of its own: Ctrl-C is for the replay, which stops the server when it is done. */
function spawnParley(env: NodeJS.ProcessEnv): ChildProcess {
  const extension = extname(fileURLToPath(import.meta.url))
  const entry = fileURLToPath(new URL(`../../main${extension}`, import.meta.url))
  const loader = extension === '.ts' ? ['--import', 'tsx'] : []
  return spawn(process.execPath, [...loader, entry], { env, detached: true })
}

/** What belongs to another deployment is not passed on. */
function inherited(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG, NODE_OPTIONS } = env
  return { PATH, HOME, TMPDIR, LANG, NODE_OPTIONS }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
