import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { findIssuer, signWith } from '../../src/tools/replay/tokens.js'
import { Ended, Refusal } from '../kit/errors.js'
import type { FollowerState } from '../kit/follower.js'
import { Kit } from '../kit/kit.js'
import { Chat } from './chat.js'
import { FileStorage } from './file-storage.js'
import { Terminal } from './terminal.js'

const usage = `npm run chat -- --as NAME [--with NAME] [--url URL] [--token TOKEN] [--secret-file PATH] [--store FOLDER]

Talks from a terminal. NAME is the platform's own id of a person, e.g. amal or dr-osman of the demo.

  --url URL            a Parley that runs (http://127.0.0.1:4000/graphql)
  --token TOKEN        of the person; without it one is signed with the secret of an unconfigured Parley
  --secret-file PATH   that secret, where it is not in .parley/jwt-secret
  --store FOLDER       where the copy is kept (.parley/chat): the next start goes on from there, also without a network`

const patienceMilliseconds = 4000

interface Options {
  readonly person: string
  readonly withPerson: string | undefined
  readonly url: string
  readonly token: string | undefined
  readonly secretFile: string | undefined
  readonly store: string
}

/** Null: the usage is wanted, or what was given makes no sense. */
function readOptions(): Options | null {
  try {
    const { values } = parseArgs({
      options: {
        as: { type: 'string' },
        with: { type: 'string' },
        url: { type: 'string', default: 'http://127.0.0.1:4000/graphql' },
        token: { type: 'string' },
        'secret-file': { type: 'string' },
        store: { type: 'string', default: join('.parley', 'chat') },
      },
    })
    if (values.as === undefined || !/^https?:$/.test(new URL(values.url).protocol)) return null
    const { url, token, store } = values
    return {
      person: values.as,
      withPerson: values.with,
      url,
      token,
      secretFile: values['secret-file'],
      store,
    }
  } catch {
    return null
  }
}

async function main({ person, withPerson, url, token, secretFile, store }: Options): Promise<void> {
  const sign = token === undefined ? signWith(await findIssuer(process.env, secretFile)) : null
  const terminal = new Terminal(process.stdin, process.stdout)
  let isOnline = false
  const onState = (state: FollowerState, reason?: Error) => {
    isOnline = state === 'live'
    if (state === 'live') terminal.print('(online)')
    if (state === 'behind')
      terminal.print('(offline: what you write is sent as soon as there is a connection)')
    if (state === 'ended') terminal.print(`(it is over: ${reason?.message})`)
  }
  terminal.print(`Connecting to ${url} …`)
  const explaining = setTimeout(() => {
    if (!isOnline) terminal.print(`(no Parley answers at ${url} so far; does it run? Ctrl-C ends this)`)
  }, patienceMilliseconds)
  try {
    const kit = await Kit.open({
      url,
      person,
      token: async () => token ?? (sign ? sign(person) : null),
      // What is kept of one server is not shown, or sent, to another.
      storage: new FileStorage(join(store, encodeURIComponent(new URL(url).host))),
      webSocketImpl: WebSocket,
      onState,
    })
    try {
      await new Chat(kit, terminal, () => isOnline).run(withPerson)
    } finally {
      await kit.close()
    }
  } finally {
    clearTimeout(explaining)
    terminal.close()
  }
}

/** One line for whoever talks: a stack would tell them nothing. */
function sentenceOf(error: unknown, { person, withPerson }: Options): string {
  if (error instanceof Ended) return `${person} is not let in: unknown, or the token is not valid.`
  if (error instanceof Refusal && withPerson !== undefined)
    return `No conversation with ${withPerson}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}

const options = readOptions()
if (options === null) {
  console.error(usage)
  process.exitCode = 2
} else {
  try {
    await main(options)
  } catch (error) {
    console.error(sentenceOf(error, options))
    process.exitCode = 1
  }
}
