import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Child, freePort } from './children.js'
import type { Ground } from './ground.js'
import { serviceSubject } from './parley/people.js'
import { jwtAudience, jwtIssuer, jwtSecret } from './tokens.js'

export interface Server {
  readonly pid: number
  /** Where its HTTP is; the socket is at the same place with ws: in front. */
  readonly http: string
  readonly socket: string
  stop(): Promise<void>
}

/** What Parley seals with: known here too, so that a history can be filled beside it. */
export const keyringId = 'bench'
export const keyringKey = randomBytes(32)
const keyring = JSON.stringify({ current: keyringId, keys: { [keyringId]: keyringKey.toString('base64') } })

/** What is measured is the code as it stands. */
export function buildParley(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 2, 2] })
}

async function answers(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok
}

export async function startFloor(ground: Ground): Promise<Server> {
  const port = await freePort()
  const env = {
    NODE_ENV: 'production',
    PORT: String(port),
    DATABASE_URL: ground.floorDatabase,
    REDIS_URL: ground.redis,
    JWT_SECRET: jwtSecret,
  }
  const child = new Child(process.execPath, ['--import', 'tsx', 'bench/floor/server.ts'], { env })
  const http = `http://127.0.0.1:${port}/`
  await child.waitUntil(() => answers(http))
  return { pid: child.pid, http, socket: http.replace('http:', 'ws:'), stop: () => child.stop() }
}

/** Parley as it is run in production: built, with everything configured; only its rate limits are off. */
export async function startParley(ground: Ground, nodeOptions: readonly string[]): Promise<Server> {
  const port = await freePort()
  const dataDirectory = join(ground.directory, 'parley')
  const keyringFile = join(ground.directory, 'keyring.json')
  await mkdir(dataDirectory, { recursive: true })
  await writeFile(keyringFile, keyring, { mode: 0o600 })
  const env = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(port),
    PARLEY_DATA_DIR: dataDirectory,
    PARLEY_SEED: 'none',
    DATABASE_URL: ground.parleyDatabase,
    REDIS_URL: ground.redis,
    JWT_SECRET: jwtSecret,
    JWT_ISSUER: jwtIssuer,
    JWT_AUDIENCE: jwtAudience,
    KEYRING_FILE: keyringFile,
    SERVICE_SUBJECTS: serviceSubject,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    ATTACHMENT_SCAN: 'off',
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'warn',
  }
  const child = new Child(process.execPath, [...nodeOptions, 'dist/main.js'], { env })
  await child.waitUntil(() => answers(`http://127.0.0.1:${port}/readyz`))
  const http = `http://127.0.0.1:${port}/graphql`
  return { pid: child.pid, http, socket: http.replace('http:', 'ws:'), stop: () => child.stop() }
}
