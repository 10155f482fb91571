import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, loadConfig } from '../../src/config.js'

type Env = Record<string, string>

const secret = 'a-secret-of-thirty-two-bytes-ok!'
const directory = mkdtempSync(join(tmpdir(), 'parley-config-'))
const keyringFile = join(directory, 'keyring.json')
const keyBytes = Buffer.alloc(32, 7)

beforeAll(() => {
  writeKeyring('keyring.json', { current: 'k2', keys: { k1: base64(32), k2: keyBytes.toString('base64') } })
})

afterAll(() => rmSync(directory, { recursive: true }))

const production = (): Env => ({
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://parley:hunter2@db/parley',
  JWT_SECRET: secret,
  JWT_ISSUER: 'https://id.example.org',
  JWT_AUDIENCE: 'parley',
  KEYRING_FILE: keyringFile,
  PUBLIC_URL: 'https://chat.example.org',
})

function base64(bytes: number): string {
  return Buffer.alloc(bytes, 1).toString('base64')
}

function writeKeyring(name: string, content: unknown): string {
  const path = join(directory, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

function faultsOf(env: Env): readonly string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

/** The names that the faults begin with. */
function faulty(env: Env): string[] {
  return faultsOf(env).map((fault) => fault.split(':', 1).join(''))
}

const pem = (type: 'spki' | 'pkcs8', bits = 2048) => {
  const pair = generateKeyPairSync('rsa', { modulusLength: bits })
  return type === 'spki'
    ? pair.publicKey.export({ type, format: 'pem' }).toString()
    : pair.privateKey.export({ type, format: 'pem' }).toString()
}

describe('defaults', () => {
  it('start with nothing configured', () => {
    expect(loadConfig({})).toEqual({
      environment: 'development',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      host: '127.0.0.1',
      port: 4000,
      role: 'all',
      dataDir: '.parley',
      seed: 'demo',
      database: { kind: 'embedded' },
      migrate: true,
      redisUrl: null,
      tokens: {
        key: { kind: 'local' },
        issuer: null,
        audience: null,
        justInTimeProvisioning: false,
        serviceSubjects: [],
        adminSubjects: [],
      },
      messagingPolicy: 'appointment',
      keyring: { kind: 'local' },
      publicUrl: null,
      allowedOrigins: [],
      editWindowSeconds: 900,
      updateRetentionDays: 30,
      introspection: true,
      logLevel: 'info',
      trustProxy: false,
    })
  })

  it('are closed in production', () => {
    expect(loadConfig(production())).toMatchObject({
      environment: 'production',
      host: '0.0.0.0',
      seed: 'none',
      introspection: false,
      database: { kind: 'url', url: 'postgres://parley:hunter2@db/parley' },
      tokens: {
        key: { kind: 'secret', secret },
        issuer: 'https://id.example.org',
        audience: 'parley',
      },
      keyring: { kind: 'file', current: 'k2' },
      publicUrl: 'https://chat.example.org',
    })
  })

  it('count an empty or blank variable as not given', () => {
    expect(loadConfig({ PORT: '', DATABASE_URL: '  ', JWT_SECRET: '', KEYRING_FILE: '' })).toEqual(
      loadConfig({}),
    )
  })

  it('ignore variables that are not ours', () => {
    expect(loadConfig({ PATH: '/bin', NODE_ENV: 'test' })).toEqual(loadConfig({}))
  })
})

describe('each variable', () => {
  it.each<[Env, object]>([
    [{ HOST: '::1' }, { host: '::1' }],
    [{ PORT: '0' }, { port: 0 }],
    [{ PORT: ' 8080 ' }, { port: 8080 }],
    [{ PARLEY_ROLE: 'worker' }, { role: 'worker' }],
    [{ PARLEY_DATA_DIR: '/var/lib/parley' }, { dataDir: '/var/lib/parley' }],
    [{ PARLEY_SEED: 'none' }, { seed: 'none' }],
    [{ PARLEY_SEED: 'demo' }, { seed: 'demo' }],
    [
      { DATABASE_URL: 'postgresql:///parley?host=/run/postgresql' },
      { database: { kind: 'url' }, seed: 'none' },
    ],
    [{ DATABASE_URL: 'postgres://me@/parley?host=/run/postgresql' }, { database: { kind: 'url' } }],
    [{ MIGRATE: 'off' }, { migrate: false }],
    [{ MIGRATE: 'on' }, { migrate: true }],
    [{ REDIS_URL: 'rediss://:word@redis:6379/1' }, { redisUrl: 'rediss://:word@redis:6379/1' }],
    [{ JWT_SECRET: secret }, { tokens: { key: { kind: 'secret', secret } } }],
    [{ JWT_SECRET: ` ${secret} ` }, { tokens: { key: { secret: ` ${secret} ` } } }],
    [
      { JWKS_URL: 'https://id.example.org/jwks' },
      { tokens: { key: { kind: 'jwks', url: 'https://id.example.org/jwks' } } },
    ],
    [{ JWKS_URL: 'http://localhost:9000/jwks' }, { tokens: { key: { kind: 'jwks' } } }],
    [{ JWT_ISSUER: 'me', JWT_AUDIENCE: 'you' }, { tokens: { issuer: 'me', audience: 'you' } }],
    [{ JIT_PROVISIONING: 'true' }, { tokens: { justInTimeProvisioning: true } }],
    [{ JIT_PROVISIONING: 'false' }, { tokens: { justInTimeProvisioning: false } }],
    [{ SERVICE_SUBJECTS: 'a, b,,a' }, { tokens: { serviceSubjects: ['a', 'b'] } }],
    [{ ADMIN_SUBJECTS: 'root' }, { tokens: { adminSubjects: ['root'] } }],
    [{ MESSAGING_POLICY: 'open' }, { messagingPolicy: 'open' }],
    [{ PUBLIC_URL: 'https://Chat.example.org:443/' }, { publicUrl: 'https://chat.example.org' }],
    [
      {
        ALLOWED_ORIGINS: 'https://a.example, http://localhost:3000/,capacitor://localhost,https://a.example',
      },
      { allowedOrigins: ['https://a.example', 'http://localhost:3000', 'capacitor://localhost'] },
    ],
    [{ EDIT_WINDOW_SECONDS: '0' }, { editWindowSeconds: 0 }],
    [{ UPDATE_RETENTION_DAYS: '90' }, { updateRetentionDays: 90 }],
    [{ INTROSPECTION: 'off' }, { introspection: false }],
    [{ LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
    [{ TRUST_PROXY: 'on' }, { trustProxy: true }],
    [{ TRUST_PROXY: 'off' }, { trustProxy: false }],
    [{ TRUST_PROXY: '2' }, { trustProxy: 2 }],
    [{ TRUST_PROXY: '0' }, { trustProxy: false }],
  ])('%o is read', (env, expected) => {
    expect(loadConfig(env)).toMatchObject(expected)
  })

  it('INTROSPECTION opens production when asked', () => {
    expect(loadConfig({ ...production(), INTROSPECTION: 'on' }).introspection).toBe(true)
  })

  it('JWT_PUBLIC_KEY takes real and escaped line ends', () => {
    const key = pem('spki')
    for (const given of [key, key.replaceAll('\n', '\\n')]) {
      expect(loadConfig({ JWT_PUBLIC_KEY: given }).tokens.key).toEqual({
        kind: 'public-key',
        pem: key.trim(),
      })
    }
  })

  it.each<Env>([
    { HOST: 'not a host' },
    { PORT: '65536' },
    { PORT: '-1' },
    { PORT: '80a' },
    { PARLEY_ROLE: 'both' },
    { PARLEY_SEED: 'yes' },
    { PARLEY_SEED: 'demo', DATABASE_URL: 'postgres://db/parley' },
    { DATABASE_URL: 'mysql://db/parley' },
    { DATABASE_URL: 'db/parley' },
    { MIGRATE: 'maybe' },
    { REDIS_URL: 'http://redis' },
    { JWT_SECRET: 'x'.repeat(31) },
    { JWT_PUBLIC_KEY: 'ssh-rsa AAAA' },
    { JWKS_URL: 'http://id.example.org/jwks' },
    { JWKS_URL: 'https://me:word@id.example.org/jwks' },
    { JIT_PROVISIONING: '1' },
    { MESSAGING_POLICY: 'closed' },
    { PUBLIC_URL: 'https://chat.example.org/app' },
    { PUBLIC_URL: 'chat.example.org' },
    { PUBLIC_URL: 'capacitor://localhost' },
    { ALLOWED_ORIGINS: '*' },
    { ALLOWED_ORIGINS: 'https://*.example.org' },
    { ALLOWED_ORIGINS: 'https://a.example,null' },
    { ALLOWED_ORIGINS: 'https://a.example/path' },
    { EDIT_WINDOW_SECONDS: '15m' },
    { UPDATE_RETENTION_DAYS: '0' },
    { INTROSPECTION: 'yes' },
    { LOG_LEVEL: 'verbose' },
    { TRUST_PROXY: '33' },
    { TRUST_PROXY: '10.0.0.0/8' },
  ])('%o is refused with one line that says what is wanted', (env) => {
    const [name] = Object.keys(env)
    expect(faulty(env)).toEqual([name])
    expect(faultsOf(env)[0]).toMatch(/; wanted \S/)
    expect(faultsOf(env)[0]).not.toContain('\n')
  })

  it('JWT_PUBLIC_KEY refuses a private key and a short one', () => {
    for (const given of [pem('pkcs8'), pem('spki', 1024)]) {
      expect(faulty({ JWT_PUBLIC_KEY: given })).toEqual(['JWT_PUBLIC_KEY'])
    }
  })

  it('two sources of token keys are one too many', () => {
    expect(faulty({ JWT_SECRET: secret, JWKS_URL: 'https://id.example.org/jwks' })).toEqual([
      'JWT_SECRET, JWKS_URL',
    ])
  })

  it('a subject has one role', () => {
    expect(faulty({ SERVICE_SUBJECTS: 'a,b', ADMIN_SUBJECTS: 'b' })).toEqual([
      'SERVICE_SUBJECTS, ADMIN_SUBJECTS',
    ])
  })
})

describe('KEYRING_FILE', () => {
  it('gives the keys', () => {
    const { keyring } = loadConfig({ KEYRING_FILE: keyringFile })
    expect(keyring).toMatchObject({ kind: 'file', current: 'k2' })
    expect(keyring.kind === 'file' && keyring.keys.get('k2')?.equals(keyBytes)).toBe(true)
    expect(keyring.kind === 'file' && [...keyring.keys.keys()]).toEqual(['k1', 'k2'])
  })

  it.each<[string, unknown]>([
    ['no JSON', `{"current": "${base64(32)}`],
    ['another shape', { keys: [base64(32)] }],
    ['a current that is not there', { current: 'k3', keys: { k1: base64(32) } }],
    ['a short key', { current: 'k1', keys: { k1: base64(31) } }],
    ['a long key', { current: 'k1', keys: { k1: base64(33) } }],
    ['a key that is not base64', { current: 'k1', keys: { k1: `${base64(32)} ?` } }],
    ['a strange id', { current: 'k 1', keys: { 'k 1': base64(32) } }],
    ['no keys', { current: 'k1', keys: {} }],
  ])('refuses %s without quoting it', (name, content) => {
    const KEYRING_FILE = writeKeyring(`${name}.json`, content)
    expect(faulty({ KEYRING_FILE })).toEqual(['KEYRING_FILE'])
    expect(faultsOf({ KEYRING_FILE }).join()).not.toContain(base64(31).slice(0, 8))
  })

  it('says that a file is not there', () => {
    expect(faultsOf({ KEYRING_FILE: join(directory, 'absent.json') })[0]).toContain('ENOENT')
    expect(faultsOf({ KEYRING_FILE: directory })[0]).toContain('EISDIR')
  })
})

describe('faults', () => {
  it('of production are listed together', () => {
    expect(faulty({ NODE_ENV: 'production' })).toEqual([
      'DATABASE_URL',
      'JWT_ISSUER',
      'JWT_AUDIENCE',
      'PUBLIC_URL',
      'JWT_SECRET | JWT_PUBLIC_KEY | JWKS_URL',
      'KEYRING_FILE',
    ])
  })

  it('of production do not hide those of form, nor count a bad value as missing', () => {
    const env = {
      ...production(),
      DATABASE_URL: 'nonsense',
      PORT: 'x',
      KEYRING_FILE: '/nowhere',
      PARLEY_SEED: 'demo',
    }
    expect(faulty(env).sort()).toEqual(['DATABASE_URL', 'KEYRING_FILE', 'PARLEY_SEED', 'PORT'])
  })

  it('are all reported at once, each once', () => {
    const env = {
      PORT: 'x',
      PARLEY_SEED: 'x',
      LOG_LEVEL: 'x',
      JWT_SECRET: 'x',
      REDIS_URL: 'x',
      TRUST_PROXY: 'x',
    }
    expect(faulty(env).sort()).toEqual(Object.keys(env).sort())
  })

  it('stand in the message too', () => {
    expect(() => loadConfig({ PORT: 'x', LOG_LEVEL: 'y' })).toThrow(/2 fault.*PORT: "x".*LOG_LEVEL: "y"/s)
  })

  it('never echo a secret', () => {
    const word = 'hunter2hunter2'
    const env: Env = {
      NODE_ENV: 'production',
      DATABASE_URL: `mysql://parley:${word}@db/parley`,
      REDIS_URL: `http://:${word}@redis`,
      JWT_SECRET: word,
      JWT_PUBLIC_KEY: `-----BEGIN PUBLIC KEY-----${word}`,
      JWKS_URL: `https://me:${word}@id.example.org/jwks`,
      PUBLIC_URL: `https://me:${word}@chat.example.org`,
      ALLOWED_ORIGINS: `https://me:${word}@chat.example.org`,
      KEYRING_FILE: writeKeyring('word.json', `{ "current": "${word}", "keys": "${word}" }`),
    }
    let error: unknown
    try {
      loadConfig(env)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(ConfigError)
    expect(`${error}${JSON.stringify(error)}`).not.toContain(word)
    expect(faultsOf(env).length).toBeGreaterThanOrEqual(8)
  })
})

it('the configuration is frozen throughout', () => {
  const config = loadConfig(production())
  for (const part of [
    config,
    config.tokens,
    config.tokens.key,
    config.database,
    config.keyring,
    config.allowedOrigins,
  ]) {
    expect(Object.isFrozen(part)).toBe(true)
  }
  const { keyring } = config
  if (keyring.kind !== 'file' || !(keyring.keys instanceof Map)) throw new Error('a keyring file was given')
  const keys = keyring.keys
  expect(() => keys.set('k3', keyBytes)).toThrow(TypeError)
  expect(() => keys.delete('k1')).toThrow(TypeError)
  expect(() => keys.clear()).toThrow(TypeError)
})
