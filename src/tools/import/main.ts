import { access, constants, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError, loadConfig } from '../../config.js'
import { isUnavailable } from '../../platform/db/failures.js'
import { createLog } from '../../platform/log.js'
import { StartupError } from '../../platform/startup-error.js'
import { NoScriptError } from '../mts-dialog/parse.js'
import type { Entry } from './entries.js'
import { assertJsonl, NoJsonlError, readJsonl } from './jsonl.js'
import { readMtsDialog } from './mts-dialog.js'
import { Progress } from './progress.js'
import { runImport } from './run.js'
import { openServices } from './services.js'
import { Tally } from './tally.js'

const usage = `npm run import -- FILE [--format mts-dialog|jsonl]

Imports former conversations into the database of this configuration (the environment, as for npm start), beside a Parley
that runs or without one. See docs/import.md.

  --format   mts-dialog: a CSV file of dialogues; jsonl: people, appointments, conversations and messages, one a line.
             Without it the file's name decides: .csv or .jsonl

Exit code: 0 all is there, 1 something was refused, 2 it could not be run, 130 stopped by Ctrl-C: run it again to go on.`

const howTo = 'try npm run import -- --help'

const formats = { csv: 'mts-dialog', jsonl: 'jsonl', ndjson: 'jsonl' } as const
type Format = (typeof formats)[keyof typeof formats]

/** What whoever called it can mend, in one line. */
class UsageError extends Error {}

async function main(): Promise<number> {
  const asked = readArguments()
  if (asked === null) {
    console.log(usage)
    return 0
  }
  const { file, format } = asked
  const log = createLog({ level: 'warn', pretty: true })
  const config = loadConfig(process.env)
  const entries = await read(file, format)
  const stop = stopSignal()
  await using services = await openServices(config, log)
  process.once('exit', services.killNow)
  const tally = new Tally()
  const bar = new Progress(process.stderr)
  const say = (line: string) => {
    bar.clear()
    console.log(line)
  }
  const began = performance.now()
  const { ended, isComplete } = await runImport(services.context, entries, stop, tally, {
    refused: (place, why) => say(`${place}: refused: ${why}`),
    skipped: (place, why) => say(`${place}: skipped: ${why}`),
    progress: (share) => bar.update(share, tally.messages),
  })
  const seconds = (performance.now() - began) / 1000
  for (const line of tally.lines()) say(line)
  say(`imports ended: ${ended} conversations`)
  say(`${tally.messages} messages in ${seconds.toFixed(1)} s: ${Math.round(tally.messages / seconds)}/s`)
  if (!isComplete) {
    say(
      'Stopped. Run the same command again, and it goes on; until it has ended, the conversations that it has',
    )
    say('begun are closed to sends.')
    return 130
  }
  return tally.refused > 0 ? 1 : 0
}

/** Null: help is asked for. */
function readArguments(): { file: string; format: Format } | null {
  const { values, positionals } = parseOptions()
  if (values.help) return null
  const [file, ...others] = positionals
  if (file === undefined) throw new UsageError(`no file is named; ${howTo}`)
  if (others.length > 0) throw new UsageError(`one file at a time; ${howTo}`)
  const wanted =
    values.format ?? Object.entries(formats).find(([end]) => extname(file).toLowerCase() === `.${end}`)?.[1]
  const format = Object.values(formats).find((name) => name === wanted)
  if (format === undefined) throw new UsageError(`--format mts-dialog or --format jsonl is wanted; ${howTo}`)
  return { file, format }
}

function parseOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { format: { type: 'string' }, help: { type: 'boolean' } },
    })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!code.startsWith('ERR_PARSE_ARGS_')) throw error
    throw new UsageError(`there is an option that is not known, or one without its value; ${howTo}`)
  }
}

async function read(file: string, format: Format): Promise<AsyncIterable<Entry>> {
  const found = await stat(file).catch(() => null)
  if (!found) throw new UsageError(`${file}: there is no such file`)
  if (!found.isFile()) throw new UsageError(`${file}: this is no file`)
  await access(file, constants.R_OK).catch(() => {
    throw new UsageError(`${file}: it may not be read`)
  })
  try {
    if (format === 'jsonl') {
      await assertJsonl(file)
      return readJsonl(file)
    }
    const { mapping, entries } = await readMtsDialog(file)
    console.log([file, ...mapping].join('\n'))
    return entries
  } catch (error) {
    if (error instanceof NoScriptError || error instanceof NoJsonlError)
      throw new UsageError(`${file}: ${error.message}`)
    throw error
  }
}

/** The first Ctrl-C lets the batch finish; a second one ends the program at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  const onSignal = () => (stop.signal.aborted ? process.exit(130) : stop.abort())
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, onSignal)
  return stop.signal
}

try {
  process.exitCode = await main()
} catch (error) {
  process.exitCode = 2
  if (error instanceof StartupError || error instanceof ConfigError || error instanceof UsageError)
    console.error(error.message)
  else if (isUnavailable(error))
    console.error('The import broke off: the database did not answer. Run it again to go on.')
  else createLog({ level: 'error', pretty: true }).error({ error }, 'the import broke off')
}
