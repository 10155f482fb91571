import { type DestinationStream, type Logger, pino } from 'pino'
import { z } from 'zod'
import type { LogLevel } from '../config.js'

/** A structured log: fields first, then a fixed message. Never what people wrote, not even at `trace`. */
export type Log = Logger

/** What a log is made of. */
export interface LogOptions {
  readonly level: LogLevel
  /** Lines for a person in front of a terminal instead of JSON; these go to stderr by default. */
  readonly pretty?: boolean
  readonly destination?: 'stdout' | 'stderr' | DestinationStream
}

// The rule is that nobody logs these; this is for the day somebody passes a whole request or input.
const WITHHELD = [
  'authorization',
  'Authorization',
  'cookie',
  'Cookie',
  'set-cookie',
  'token',
  'accessToken',
  'connectionParams',
  'password',
  'secret',
  'body',
  'text',
  'title',
  'reason',
  'email',
  'phone',
  'query',
  'variables',
  'input',
  'connectionString',
]

/** Makes a log that owns nothing: its writes are synchronous, so that none is lost at exit. */
export function createLog(options: LogOptions): Log {
  const pretty = options.pretty ?? false
  const destination = options.destination ?? (pretty ? 'stderr' : 'stdout')
  const stream =
    typeof destination === 'string'
      ? pino.destination({ dest: destination === 'stdout' ? 1 : 2, sync: true })
      : destination
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
      redact: {
        paths: WITHHELD.flatMap((name) =>
          ['', '*.', '*.*.'].map((prefix) => `${prefix}["${name}"]`.replace('.[', '[')),
        ),
        censor: '[withheld]',
      },
    },
    pretty ? { write: (line) => stream.write(prettyLine(line)) } : stream,
  )
}

/**
 * What may be logged of a thrown value: its type, its code, the first line of its message, and where it was
 * thrown. Not its other fields: those of PostgreSQL's errors quote rows (`detail`, `where`, `parameters`).
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error && /^\w{1,64}$/.test(String(error.code)) ? String(error.code) : undefined
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    message: quotesInput(error, code)
      ? '[withheld]'
      : error.message.trim().split('\n', 1).join('').slice(0, 300),
    stack: frames(error.stack),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  }
}

// JSON.parse and graphql quote what a client sent; SQLSTATE class 22 (data exceptions) quotes the value.
function quotesInput(error: Error, code: string | undefined): boolean {
  return (
    error.name === 'SyntaxError' ||
    error.name === 'GraphQLError' ||
    (code !== undefined && /^22\w{3}$/.test(code))
  )
}

// A stack begins with the message, of which only the first line has been looked at.
function frames(stack: string | undefined): string[] {
  return (stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
}

const record = z.looseObject({ time: z.string(), level: z.string(), msg: z.string().optional() })

function prettyLine(line: string): string {
  const { time, level, msg, ...fields } = record.parse(JSON.parse(line))
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return `${[time.slice(11, 23), level.toUpperCase().padEnd(5), printable(msg ?? ''), ...rest].join(' ')}\n`
}

// A name with escape sequences in it must not steer the terminal.
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
}
