import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { findIssuer, signWith } from '../../src/tools/replay/tokens.js'
import { Ended } from '../kit/errors.js'
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

async function main(person: string): Promise<void> {
  const { url, token, store } = values
  const sign = token === undefined ? signWith(await findIssuer(process.env, values['secret-file'])) : null
  const terminal = new Terminal(process.stdin, process.stdout)
  const onState = (state: FollowerState, reason?: Error) => {
    if (state === 'live') terminal.print('(online)')
    if (state === 'behind')
      terminal.print('(offline: what you write is sent as soon as there is a connection)')
    if (state === 'ended') terminal.print(`(it is over: ${reason?.message})`)
  }
  terminal.print(`Connecting to ${url} …`)
  try {
    const kit = await Kit.open({
      url,
      person,
      token: async () => token ?? (sign ? sign(person) : null),
      storage: new FileStorage(store),
      webSocketImpl: WebSocket,
      onState,
    })
    try {
      await new Chat(kit, terminal).run(values.with)
    } finally {
      await kit.close()
    }
  } finally {
    terminal.close()
  }
}

if (values.as === undefined) {
  console.error(usage)
  process.exitCode = 2
} else {
  try {
    await main(values.as)
  } catch (error) {
    const isUnknown = error instanceof Ended
    console.error(isUnknown ? `${values.as} is not let in: unknown, or the token is not valid.` : error)
    process.exitCode = 1
  }
}
