import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signToken } from '../../src/demo/tokens.js'
import { createEmptyDatabase, redisUrl, type TestDatabase } from '../support/cluster.js'
import { ParleyProcess } from '../support/parley-process.js'

// `npm run build && node dist/main.js`, in a folder of its own.

const run = promisify(execFile)
const secret = 'the secret of an identity provider, at least 32 bytes'
const issuer = 'https://id.example'
const audience = 'parley'
const root = fileURLToPath(new URL('../../', import.meta.url))
let folder: string
let database: TestDatabase

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-production-'))
  for (const name of ['package.json', 'prisma', 'node_modules'])
    await symlink(join(root, name), join(folder, name))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const flags = ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')]
  await run(process.execPath, [tsc, ...flags])
  database = await createEmptyDatabase()
})

afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

const start = (env: Record<string, string>) =>
  ParleyProcess.start({ NODE_ENV: 'production', ...env }, [join(folder, 'dist/main.js')])

test('says all that is missing at once, and does not start', async () => {
  const parley = start({ PORT: 'eighty' })
  expect(await parley.exitCode()).toBe(1)
  const [title, ...faults] = parley.stderr.trimEnd().split('\n')
  expect(title).toMatch(/fault/)
  expect(faults.map((fault) => fault.split(':')[0]?.trim()).sort()).toEqual([
    'DATABASE_URL',
    'JWT_AUDIENCE',
    'JWT_ISSUER',
    'JWT_SECRET | JWT_PUBLIC_KEY | JWKS_URL',
    'KEYRING_FILE',
    'PORT',
    'PUBLIC_URL',
  ])
  expect(parley.stdout).toBe('')
})

test('migrates an empty database, serves, hides what is for exploring, and stops at SIGTERM', async () => {
  const keyring = join(folder, 'keyring.json')
  const keys = { first: randomBytes(32).toString('base64') }
  await writeFile(keyring, JSON.stringify({ current: 'first', keys }))
  const redis = redisUrl()
  const parley = start({
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: database.connectionString,
    ...(redis === null ? {} : { REDIS_URL: redis }),
    JWT_SECRET: secret,
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: audience,
    KEYRING_FILE: keyring,
    PUBLIC_URL: 'https://chat.example',
    SERVICE_SUBJECTS: 'platform',
  })
  const [, url] = await parley.printed(/"url":"([^"]+)"/)
  const api = `${url}/graphql`
  const rules = { key: { kind: 'secret', secret } as const, issuer, audience, justInTimeProvisioning: false }
  const authorization = `Bearer ${await signToken(rules, 'platform')}`
  const ask = async (query: string) => {
    const response = await fetch(api, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query }),
    })
    return JSON.parse(await response.text())
  }
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  expect(await ask('{ serverInfo { version } viewer { user { role } } }')).toEqual({
    data: { serverInfo: { version }, viewer: { user: { role: 'SERVICE' } } },
  })
  const refused = await ask('{ __schema { description } }')
  expect(refused.errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }])
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  expect((await fetch(api, { headers: { accept: 'text/html' } })).status).toBe(401)
  expect(await parley.end('SIGTERM')).toBe(0)
  expect(parley.stderr).toBe('')
  const lines: { level: string }[] = parley.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.filter(({ level }) => level !== 'info')).toEqual([])
})
