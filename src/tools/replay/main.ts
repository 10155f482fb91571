import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parse as parsePath } from 'node:path'
import { parseArgs } from 'node:util'
import { parseScript } from '../mts-dialog/parse.js'
import { Client } from './client.js'
import { OwnServer } from './own-server.js'
import { progress } from './progress.js'
import { describeRun, describeScript } from './report.js'
import { run } from './run.js'
import { findIssuer, signWith } from './tokens.js'

const usage = `npm run replay -- FILE [--pairs N] [--url URL] [--as-service TOKEN] [--secret-file PATH]

Plays the dialogues of a CSV file (ID, section_header, section_text, dialogue) live through Parley, and compares
what everybody received and what the histories hold with the file, turn by turn.

  --pairs N            dialogues at the same time (4)
  --url URL            a Parley that runs, e.g. http://127.0.0.1:4000/graphql; without it one is started and stopped
  --as-service TOKEN   of the platform, which makes people and appointments (made for "platform" if not given)
  --secret-file PATH   the HS256 secret that signs people's tokens; else JWT_SECRET, else .parley/jwt-secret
                       (JWT_ISSUER and JWT_AUDIENCE: parley)

Exit code: 0 all equal, 1 any difference, 2 it could not be run.`

const serviceSubject = 'platform'

async function main(): Promise<number> {
  const { file, pairs, url, service, secretFile } = readArguments()
  const script = parseScript(await readFile(file))
  console.log([file, ...describeScript(script)].join('\n'))
  const stop = stopSignal()
  await using own = url === undefined ? await OwnServer.start(process.env, serviceSubject) : undefined
  const client = new Client(own?.url ?? url ?? '')
  const sign = signWith(own?.issuer ?? (await findIssuer(process.env, secretFile)))
  const runId = `${Date.now().toString(36)}${randomBytes(2).toString('hex')}`
  const prefix = `replay-${runId}-${parsePath(file).name}`
  const stage = { client, sign, prefix, service: service ?? (await sign(serviceSubject)) }
  console.log(`\nplaying on ${client.url}, ${pairs} at a time, people are called ${prefix}-…`)
  const watcher = progress(process.stdout, script)
  const played = await run(stage, script.dialogues, pairs, watcher, stop)
  const { lines, isEqual } = describeRun(script, played, client.waits)
  console.log(['', ...lines].join('\n'))
  return isEqual ? 0 : 1
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      pairs: { type: 'string', default: '4' },
      url: { type: 'string' },
      'as-service': { type: 'string' },
      'secret-file': { type: 'string' },
    },
  })
  const [file, ...others] = positionals
  const pairs = Number(values.pairs)
  if (file === undefined || others.length > 0 || !Number.isInteger(pairs) || pairs < 1) throw new Error(usage)
  return { file, pairs, url: values.url, service: values['as-service'], secretFile: values['secret-file'] }
}

/** The first Ctrl-C lets the dialogues that are being played finish; a second one ends the program at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  const onSignal = () => (stop.signal.aborted ? process.exit(130) : stop.abort())
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, onSignal)
  return stop.signal
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
