import { createPublicKey } from 'node:crypto'
import { z } from 'zod'

/** What a process is started with: `process.env`, or a literal in a test. */
export type Environment = Readonly<Record<string, string | undefined>>

interface Kind<T> {
  readonly schema: z.ZodType<T>
  readonly wanted: string
  /** Whether a refused value may be quoted: never where it can hold a password or a key. */
  readonly quotable: boolean
}

const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]'])

const integer = (min: number, max: number): Kind<number> => ({
  schema: z
    .string()
    .regex(/^\d{1,10}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max)),
  wanted: `a whole number from ${min} to ${max}`,
  quotable: true,
})

const oneOf = <const T extends readonly [string, ...string[]]>(...values: T): Kind<T[number]> => ({
  schema: z.enum(values),
  wanted: values.join(' | '),
  quotable: true,
})

const onOff: Kind<boolean> = {
  schema: z.enum(['on', 'off', 'true', 'false']).transform((value) => value === 'on' || value === 'true'),
  wanted: 'on | off',
  quotable: true,
}

const text: Kind<string> = { schema: z.string(), wanted: 'a text', quotable: true }

const hostName: Kind<string> = {
  schema: z.string().regex(/^[\w.:%-]+$/),
  wanted: 'a host name or an address to listen on',
  quotable: true,
}

const list: Kind<readonly string[]> = {
  schema: z.string().transform((value) => [...new Set(splitList(value))]),
  wanted: 'texts separated by commas',
  quotable: true,
}

const connectionString = (protocols: readonly string[]): Kind<string> => ({
  // libpq allows user@/database with the socket's directory in ?host=, which URL does not.
  schema: z.string().refine((value) => {
    const url = parseUrl(value.replace('@/', '@localhost/'))
    return url !== null && protocols.includes(url.protocol)
  }),
  wanted: `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  quotable: false,
})

const jwksUrl: Kind<string> = {
  schema: z.string().refine((value) => {
    const url = parseUrl(value)
    if (url === null || url.username !== '' || url.password !== '') return false
    return url.protocol === 'https:' || (url.protocol === 'http:' && LOCAL_HOSTS.has(url.hostname))
  }),
  wanted: 'an https: URL without user and password (http: only for localhost)',
  quotable: false,
}

const origin: Kind<string> = {
  schema: z.string().transform((value, context) => {
    const parsed = parseOrigin(value)
    if (parsed !== null && /^https?:/.test(parsed)) return parsed
    context.addIssue('no web origin')
    return z.NEVER
  }),
  wanted: 'an origin such as https://chat.example.org, without a path',
  quotable: false,
}

const origins: Kind<readonly string[]> = {
  schema: z.string().transform((value, context) => {
    const parsed = splitList(value).map(parseOrigin)
    if (parsed.includes(null)) context.addIssue('not all are origins')
    return [...new Set(parsed.filter((each) => each !== null))]
  }),
  wanted: 'origins such as https://app.example.org, separated by commas, without paths and without *',
  quotable: false,
}

const secret: Kind<string> = {
  schema: z.string().refine((value) => Buffer.byteLength(value) >= 32),
  wanted: 'at least 32 bytes',
  quotable: false,
}

const publicKey: Kind<string> = {
  schema: z
    .string()
    .transform((value) => value.replaceAll('\\n', '\n').trim())
    .refine(isPublicKey),
  wanted: 'a public key in PEM (-----BEGIN PUBLIC KEY-----, SPKI): RSA from 2048 bits, EC or Ed25519',
  quotable: false,
}

const trustProxy: Kind<boolean | number> = {
  schema: z.union([onOff.schema, integer(0, 32).schema.transform((hops) => (hops === 0 ? false : hops))]),
  wanted: 'on | off | the number of proxies in front, up to 32',
  quotable: true,
}

const kinds = {
  HOST: hostName,
  PORT: integer(0, 65_535),
  PARLEY_ROLE: oneOf('all', 'api', 'worker'),
  PARLEY_DATA_DIR: text,
  PARLEY_SEED: oneOf('demo', 'none'),
  DATABASE_URL: connectionString(['postgres:', 'postgresql:']),
  MIGRATE: onOff,
  REDIS_URL: connectionString(['redis:', 'rediss:']),
  JWT_SECRET: secret,
  JWT_PUBLIC_KEY: publicKey,
  JWKS_URL: jwksUrl,
  JWT_ISSUER: text,
  JWT_AUDIENCE: text,
  JIT_PROVISIONING: onOff,
  SERVICE_SUBJECTS: list,
  ADMIN_SUBJECTS: list,
  MESSAGING_POLICY: oneOf('appointment', 'open'),
  KEYRING_FILE: text,
  PUBLIC_URL: origin,
  ALLOWED_ORIGINS: origins,
  EDIT_WINDOW_SECONDS: integer(0, 31_536_000),
  UPDATE_RETENTION_DAYS: integer(1, 3_650),
  INTROSPECTION: onOff,
  LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  TRUST_PROXY: trustProxy,
} satisfies Record<string, Kind<unknown>>

/** The name of a variable that is read. */
export type VariableName = keyof typeof kinds

/** All of them. Besides these, only NODE_ENV is read. */
export const variableNames: readonly string[] = Object.keys(kinds)

type Values = { readonly [N in VariableName]: (typeof kinds)[N] extends Kind<infer T> ? T : never }

const KINDS: { readonly [N in VariableName]: Kind<Values[N]> } = kinds

/** A reader of single variables, and what an operator is told of a variable's form. */
export interface Variables {
  /** Whether the variable is set to anything but blanks, valid or not. */
  given(name: VariableName): boolean
  wanted(name: VariableName): string
  /** The value; undefined where it is not given, or refused (then its fault has been noted). */
  read<N extends VariableName>(name: N): Values[N] | undefined
}

/** Reads each variable by itself, so that one fault never hides another; faults are appended to `faults`. */
export function readVariables(environment: Environment, faults: string[]): Variables {
  const given = (name: VariableName) => (environment[name] ?? '').trim() !== ''
  const read = <N extends VariableName>(name: N): Values[N] | undefined => {
    const kind: Kind<Values[N]> = KINDS[name]
    if (!given(name)) return undefined
    const raw = environment[name] ?? ''
    const parsed = kind.schema.safeParse(name === 'JWT_SECRET' ? raw : raw.trim())
    if (parsed.success) return parsed.data
    const shown = kind.quotable ? `${JSON.stringify(raw.slice(0, 40))} is not valid` : 'not valid'
    faults.push(`${name}: ${shown}; wanted ${kind.wanted}`)
    return undefined
  }
  return { given, wanted: (name) => KINDS[name].wanted, read }
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function parseUrl(value: string): URL | null {
  return URL.canParse(value) ? new URL(value) : null
}

// Web views of native apps send origins of their own schemes (capacitor://localhost), which URL calls "null".
function parseOrigin(value: string): string | null {
  if (!/^[a-z][a-z\d+.-]*:\/\/[^/?#@\s*]+\/?$/i.test(value)) return null
  const url = parseUrl(value)
  if (url === null || url.host === '') return null
  return url.origin === 'null' ? `${url.protocol}//${url.host}`.toLowerCase() : url.origin
}

// createPublicKey also takes a private key and derives the public one: hence the look at the label first.
function isPublicKey(pem: string): boolean {
  if (!pem.startsWith('-----BEGIN PUBLIC KEY-----')) return false
  try {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType === 'rsa') return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
    return key.asymmetricKeyType === 'ec' || key.asymmetricKeyType === 'ed25519'
  } catch {
    return false
  }
}
