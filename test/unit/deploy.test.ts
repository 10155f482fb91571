import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { variableNames } from '../../src/config/variables.js'
import { ConfigError, loadConfig } from '../../src/config.js'

// What operators start from: every variable in it is one that Parley reads, and none that it needs is missing.

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFile(new URL(path, root), 'utf8')
const known = new Set([...variableNames, 'NODE_ENV'])
const tokenKeys = ['JWKS_URL', 'JWT_PUBLIC_KEY', 'JWT_SECRET']

/** What loadConfig misses in production with nothing given: the names that its faults begin with. */
function requiredInProduction(): string[] {
  try {
    loadConfig({ NODE_ENV: 'production' })
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map((fault) => fault.split(':')[0] ?? '')
    throw error
  }
  return []
}

/** Those of the required that are not among the names; of several that stand for each other one will do. */
function missingIn(names: readonly string[]): string[] {
  return requiredInProduction().filter(
    (required) => !required.split(' | ').some((name) => names.includes(name)),
  )
}

const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name)

/** The lines that are indented below a line of a YAML file, as far as they stand together. */
function below(yaml: string, line: string): string {
  const lines = yaml.split('\n')
  const start = lines.indexOf(line)
  expect(start, `a line ${line}`).toBeGreaterThanOrEqual(0)
  const end = lines.findIndex((each, index) => index > start && /^\S/.test(each))
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n')
}

test('what production needs is known here', () => {
  expect(requiredInProduction().sort()).toEqual([
    'DATABASE_URL',
    'JWT_AUDIENCE',
    'JWT_ISSUER',
    'JWT_SECRET | JWT_PUBLIC_KEY | JWKS_URL',
    'KEYRING_FILE',
    'PUBLIC_URL',
  ])
})

test('compose.yaml: known variables, all that are required, and no secret of its own', async () => {
  const compose = await read('compose.yaml')
  const environment = below(compose, 'x-environment: &environment')
  const names = namesIn(environment, /^ {2}([A-Z_]+):/gm)
  expect(names.filter((name) => !known.has(name))).toEqual([])
  expect(missingIn(names)).toEqual([])
  expect(tokenKeys.filter((name) => names.includes(name))).toHaveLength(1)
  const roles = namesIn(compose, /^ {4}environment: \{ <<: \*environment, PARLEY_ROLE: (\w+) \}$/gm)
  expect(roles).toEqual(['api', 'worker'])
  // Without a value of the operator's compose stops: ${NAME:?why}.
  const required = namesIn(compose, /\$\{(\w+):\?[^}]+\}/g)
  expect([...new Set(required)].sort()).toEqual([
    'JWKS_URL',
    'JWT_AUDIENCE',
    'JWT_ISSUER',
    'KEYRING_PATH',
    'POSTGRES_PASSWORD',
    'PUBLIC_URL',
    'REDIS_PASSWORD',
  ])
  const others = namesIn(compose, /\$\{(\w+):-[^}]*\}/g)
  expect(others.filter((name) => required.includes(name) || /PASSWORD|SECRET|KEY/.test(name))).toEqual([])
  expect(namesIn(compose, /^ {2}(KEYRING_FILE: .*)$/gm)).toEqual(['KEYRING_FILE: /run/secrets/keyring'])
  expect(compose).not.toMatch(/\t/)
})

test('the guide’s .env has all that compose.yaml asks for', async () => {
  const required = namesIn(await read('compose.yaml'), /\$\{(\w+):\?[^}]+\}/g)
  const given = namesIn(await read('docs/deploy.md'), /^([A-Z_]+)=/gm)
  expect(required.filter((name) => !given.includes(name))).toEqual([])
})

test('parley.env.example and parley.service: known variables, all that are required, nothing filled in', async () => {
  const example = await read('docs/deploy/parley.env.example')
  const unit = await read('docs/deploy/parley.service')
  const inExample = namesIn(example, /^([A-Z_]+)=/gm)
  const inUnit = namesIn(namesIn(unit, /^Environment=(.*)$/gm).join(' '), /([A-Z_]+)=/g)
  const names = [...inExample, ...inUnit]
  expect(names.filter((name) => !known.has(name))).toEqual([])
  expect(names).toEqual([...new Set(names)])
  expect(missingIn(names)).toEqual([])
  expect(namesIn(example, /^((?:DATABASE_URL|REDIS_URL|JWKS_URL|JWT_\w+)=.+)$/gm)).toEqual([])
})

test('what is filled in makes a configuration', async () => {
  const example = await read('docs/deploy/parley.env.example')
  const filled = Object.fromEntries(
    [...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  )
  const config = loadConfig({
    ...filled,
    DATABASE_URL: 'postgres://parley@localhost/parley',
    JWT_SECRET: 'x'.repeat(32),
  })
  expect(config).toMatchObject({ role: 'all', host: '127.0.0.1', port: 4000, trustProxy: 1 })
})

test('the load balancers write no queries to their logs and no bodies to disk, and repeat nothing that was taken', async () => {
  const [nginx = '', haproxy = ''] = await Promise.all(
    ['docs/deploy/nginx.conf', 'docs/deploy/haproxy.cfg'].map(read),
  )
  expect(namesIn(nginx, /^log_format (.*);$/gm)).toEqual([
    "parley '$remote_addr $request_method $uri $status $request_time s $upstream_addr $upstream_status'",
  ])
  expect(namesIn(nginx, /^\s*access_log \S+ (.*);$/gm)).toEqual(['parley'])
  // The levels below hold the whole address.
  expect(namesIn(nginx, /^\s*error_log \S+ (.*);$/gm)).toEqual(['crit'])
  const bodies = namesIn(nginx, /^\s*client_(?:max_body_size|body_buffer_size) (.*);$/gm)
  expect(bodies).toEqual(['256k', '256k'])
  expect(namesIn(nginx, /^\s*proxy_next_upstream (.*);$/gm)).toEqual(['error timeout'])
  expect(namesIn(haproxy, /^\s*log-format (.*)$/gm)).toEqual(['"%ci %HM %HP %ST %Ta ms %b/%s %ts"'])
  expect(namesIn(haproxy, /^\s*retry-on (.*)$/gm)).toEqual(['conn-failure'])
})

test('a node is given more time to stop than it takes, and is started without npm', async () => {
  const [compose, unit, dockerfile] = await Promise.all(
    ['compose.yaml', 'docs/deploy/parley.service', 'Dockerfile'].map(read),
  )
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit ?? '')?.[1])).toBeGreaterThanOrEqual(15)
  const grace = /^ {2}stop_grace_period: (\d+)s$/m.exec(below(compose ?? '', 'x-parley: &parley'))
  expect(Number(grace?.[1])).toBeGreaterThanOrEqual(15)
  expect(/^ExecStart=(.*)$/m.exec(unit ?? '')?.[1]).toBe('/usr/bin/node dist/main.js')
  expect(/^CMD (.*)$/m.exec(dockerfile ?? '')?.[1]).toBe('["node", "dist/main.js"]')
})
