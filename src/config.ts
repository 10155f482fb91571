import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type Keyring, readKeyring } from './config/keyring.js'
import { type Environment, readVariables, type VariableName, type Variables } from './config/variables.js'

/** pino's levels. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** What a token is verified with; `local` is a key that Parley makes in its data directory. */
export type TokenKey =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'public-key'; readonly pem: string }
  | { readonly kind: 'jwks'; readonly url: string }
  | { readonly kind: 'local' }

/** Whose tokens are accepted, and who exists from the start. */
export interface TokenConfig {
  readonly key: TokenKey
  readonly issuer: string | null
  readonly audience: string | null
  readonly justInTimeProvisioning: boolean
  readonly serviceSubjects: readonly string[]
  readonly adminSubjects: readonly string[]
}

/** Where the database is; `embedded` is the one that Parley starts in its data directory. */
export type DatabaseConfig = { readonly kind: 'embedded' } | { readonly kind: 'url'; readonly url: string }

/** Where the key-encryption keys are; `local` is a keyring that Parley makes in its data directory. */
export type KeyringConfig = ({ readonly kind: 'file' } & Keyring) | { readonly kind: 'local' }

/** Everything that an operator decides. Holds secrets: not for a log. */
export interface Config {
  readonly environment: 'development' | 'production'
  readonly version: string
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly role: 'all' | 'api' | 'worker'
  /** As given: relative to the working directory unless it is absolute. */
  readonly dataDir: string
  readonly seed: 'demo' | 'none'
  readonly database: DatabaseConfig
  readonly migrate: boolean
  readonly redisUrl: string | null
  readonly tokens: TokenConfig
  readonly messagingPolicy: 'appointment' | 'open'
  readonly keyring: KeyringConfig
  /** An origin, as a browser writes it in its Origin header. */
  readonly publicUrl: string | null
  /** As publicUrl; also of other schemes, which the web views of native apps send. */
  readonly allowedOrigins: readonly string[]
  readonly editWindowSeconds: number
  readonly updateRetentionDays: number
  readonly introspection: boolean
  readonly logLevel: LogLevel
  /** Whose X-Forwarded-For is believed: nobody's, everybody's, or the nearest n proxies'. */
  readonly trustProxy: boolean | number
}

/** The environment does not make a configuration; `faults` holds one line for each thing that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    )
    this.faults = Object.freeze([...faults])
  }
}

const KEY_NAMES = ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWKS_URL'] as const
const REQUIRED_IN_PRODUCTION = ['DATABASE_URL', 'JWT_ISSUER', 'JWT_AUDIENCE', 'PUBLIC_URL'] as const

/**
 * Reads the configuration; a variable that is empty or blank counts as not given. Throws a ConfigError with
 * every fault at once. Frozen throughout, except for the bytes of the keys, which no Buffer can be.
 */
export function loadConfig(env: Environment): Config {
  const faults: string[] = []
  const variables = readVariables(env, faults)
  const { read, given, wanted } = variables

  const production = env.NODE_ENV === 'production'
  const unconfigured = !production && !given('DATABASE_URL')
  const missing = (name: VariableName) =>
    faults.push(`${name}: missing; in production wanted ${wanted(name)}`)
  if (production) REQUIRED_IN_PRODUCTION.filter((name) => !given(name)).forEach(missing)
  if (read('PARLEY_SEED') === 'demo' && !unconfigured) {
    faults.push(
      'PARLEY_SEED: "demo" is only for a start without DATABASE_URL and not in production; wanted none',
    )
  }

  const databaseUrl = read('DATABASE_URL')
  const config: Config = {
    environment: production ? 'production' : 'development',
    version: readVersion(),
    host: read('HOST') ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: read('PORT') ?? 4000,
    role: read('PARLEY_ROLE') ?? 'all',
    dataDir: read('PARLEY_DATA_DIR') ?? '.parley',
    seed: given('PARLEY_SEED') || !unconfigured ? (read('PARLEY_SEED') ?? 'none') : 'demo',
    database: databaseUrl === undefined ? { kind: 'embedded' } : { kind: 'url', url: databaseUrl },
    migrate: read('MIGRATE') ?? true,
    redisUrl: read('REDIS_URL') ?? null,
    tokens: readTokens(variables, production, faults),
    messagingPolicy: read('MESSAGING_POLICY') ?? 'appointment',
    keyring: readKeyringConfig(variables, production, faults),
    publicUrl: read('PUBLIC_URL') ?? null,
    allowedOrigins: read('ALLOWED_ORIGINS') ?? [],
    editWindowSeconds: read('EDIT_WINDOW_SECONDS') ?? 900,
    updateRetentionDays: read('UPDATE_RETENTION_DAYS') ?? 30,
    introspection: read('INTROSPECTION') ?? !production,
    logLevel: read('LOG_LEVEL') ?? 'info',
    trustProxy: read('TRUST_PROXY') ?? false,
  }
  // A variable that is read in two places has noted its fault twice.
  if (faults.length > 0) throw new ConfigError([...new Set(faults)])
  return deepFreeze(config)
}

function readTokens({ read, given }: Variables, production: boolean, faults: string[]): TokenConfig {
  const named = KEY_NAMES.filter(given)
  if (named.length > 1) {
    faults.push(
      `${named.join(', ')}: ${named.length} are given; wanted exactly one of ${KEY_NAMES.join(' | ')}`,
    )
  } else if (named.length === 0 && production) {
    faults.push(`${KEY_NAMES.join(' | ')}: missing; in production wanted exactly one of them`)
  }
  const serviceSubjects = read('SERVICE_SUBJECTS') ?? []
  const adminSubjects = read('ADMIN_SUBJECTS') ?? []
  if (serviceSubjects.some((subject) => adminSubjects.includes(subject))) {
    faults.push('SERVICE_SUBJECTS, ADMIN_SUBJECTS: a subject is in both; wanted one role for each')
  }
  return {
    key: readTokenKey(read),
    issuer: read('JWT_ISSUER') ?? null,
    audience: read('JWT_AUDIENCE') ?? null,
    justInTimeProvisioning: read('JIT_PROVISIONING') ?? false,
    serviceSubjects,
    adminSubjects,
  }
}

function readTokenKey(read: Variables['read']): TokenKey {
  // All three are read, whichever is used: each may have a fault to tell.
  const secret = read('JWT_SECRET')
  const pem = read('JWT_PUBLIC_KEY')
  const url = read('JWKS_URL')
  if (secret !== undefined) return { kind: 'secret', secret }
  if (pem !== undefined) return { kind: 'public-key', pem }
  if (url !== undefined) return { kind: 'jwks', url }
  return { kind: 'local' }
}

function readKeyringConfig({ read }: Variables, production: boolean, faults: string[]): KeyringConfig {
  const path = read('KEYRING_FILE')
  if (path === undefined) {
    if (production) faults.push('KEYRING_FILE: missing; in production wanted the path of a keyring')
    return { kind: 'local' }
  }
  const keyring = readKeyring(path, faults)
  return keyring === undefined ? { kind: 'local' } : { kind: 'file', ...keyring }
}

// One level above both src/ and dist/.
function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return z.object({ version: z.string() }).parse(manifest).version
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(deepFreeze)
    Object.freeze(value)
  }
  return value
}
