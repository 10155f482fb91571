import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startGround } from './ground.js'
import { runHistory } from './history-report.js'
import { reportProfiles } from './profile.js'
import { runSend } from './send-report.js'
import { buildParley } from './servers.js'

const usage = `npm run bench -- [send] [history] [options]     (both when none is named)

  --seconds N     of each figure (8)               --warm-up N    seconds before (4)
  --rounds N      floor and Parley by turns (3)    --pairs N      doctor and patient (24)
  --in-flight N   a pair, closed loop (4)          --rate N       messages a second, fixed rate (200)
  --messages N    of history (1000000)             --conversations N   that they are in (1000)
  --readers N     of history at once (8)
  --profile DIR   where Parley's time goes, profiles kept in DIR (its figures then include the profiler)`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '8' },
    'warm-up': { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    pairs: { type: 'string', default: '24' },
    'in-flight': { type: 'string', default: '4' },
    rate: { type: 'string', default: '200' },
    messages: { type: 'string', default: '1000000' },
    conversations: { type: 'string', default: '1000' },
    readers: { type: 'string', default: '8' },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

function within(name: string, value: string, least: number, most: number): number {
  const found = Number(value)
  if (!Number.isInteger(found) || found < least || found > most) {
    throw new Error(`--${name} is a whole number from ${least} to ${most}`)
  }
  return found
}

async function main(): Promise<void> {
  const unknown = positionals.find((name) => name !== 'send' && name !== 'history')
  if (values.help || unknown !== undefined) {
    console.log(usage)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const seconds = within('seconds', values.seconds, 1, 120)
  const rounds = within('rounds', values.rounds, 1, 20)
  const profiles = values.profile && resolve(values.profile, String(Date.now()))
  const nodeOptions = profiles ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : []
  const send = {
    seconds,
    nodeOptions,
    warmUp: within('warm-up', values['warm-up'], 0, 60),
    pairs: within('pairs', values.pairs, 1, 500),
    inFlight: within('in-flight', values['in-flight'], 1, 64),
    rate: within('rate', values.rate, 1, 20_000),
  }
  const history = {
    seconds,
    nodeOptions,
    rounds,
    messages: within('messages', values.messages, 2000, 10_000_000),
    conversations: within('conversations', values.conversations, 1, 10_000),
    readers: within('readers', values.readers, 1, 64),
  }
  // So that no page of any conversation is cut short.
  if (history.messages < history.conversations * 120)
    throw new Error('--messages is at least 120 times --conversations')
  const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name)
  buildParley()
  const ground = await startGround(Boolean(profiles))
  try {
    if (wanted('send') && !(await runSend(ground, send, rounds))) process.exitCode = 1
    if (wanted('history')) await runHistory(ground, history)
    if (profiles) await reportProfiles(ground, profiles)
  } finally {
    await ground.stop()
  }
}

await main()
