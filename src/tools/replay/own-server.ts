import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Issuer } from './tokens.js'

const patienceMs = 120_000

/** A Parley of our own with an empty database in a temporary folder; both are gone when it is disposed of. */
export class OwnServer implements AsyncDisposable {
  private constructor(
    readonly url: string,
    readonly issuer: Issuer,
    readonly child: ChildProcess,
    readonly folder: string,
  ) {}

  /** Comes back when the server is ready; throws with the end of its output when it does not get so far. */
  static async start(env: NodeJS.ProcessEnv, serviceSubject: string): Promise<OwnServer> {
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'parley-replay-'))
    const issuer = { secret: randomBytes(32).toString('base64url'), issuer: 'parley', audience: 'parley' }
    const settings = {
      HOST: '127.0.0.1',
      PORT: String(port),
      PARLEY_DATA_DIR: folder,
      PARLEY_SEED: 'none',
      JWT_SECRET: issuer.secret,
      JWT_ISSUER: issuer.issuer,
      JWT_AUDIENCE: issuer.audience,
      SERVICE_SUBJECTS: serviceSubject,
      RATE_LIMITS: 'off',
    }
    const extension = extname(fileURLToPath(import.meta.url))
    const entry = fileURLToPath(new URL(`../../main${extension}`, import.meta.url))
    const node = extension === '.ts' ? ['--import', 'tsx', entry] : [entry]
    // A process group of its own: Ctrl-C is for the replay, which stops the server when it is done.
    const child = spawn(process.execPath, node, { env: { ...inherited(env), ...settings }, detached: true })
    process.once('exit', () => child.kill('SIGTERM'))
    const server = new OwnServer(`http://127.0.0.1:${port}/graphql`, issuer, child, folder)
    try {
      await server.#ready(`http://127.0.0.1:${port}/readyz`)
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exit = once(this.child, 'exit')
      this.child.kill('SIGTERM')
      await exit
    }
    await rm(this.folder, { recursive: true, force: true })
  }

  async #ready(url: string): Promise<void> {
    let output = ''
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4000)
      })
    const deadline = performance.now() + patienceMs
    while (performance.now() < deadline && this.child.exitCode === null) {
      const response = await fetch(url).catch(() => undefined)
      if (response?.status === 200) return
      await delay(100)
    }
    throw new Error(`The server did not become ready:\n${output}`)
  }
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
