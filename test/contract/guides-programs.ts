import type { Program } from './guides.js'

// Programs that stand in no guide, and show what those of the guides do. They are checked and run beside them.

const urqlOf = (webSocketImpl: string) => `
const { client } = await openUrql({
  url: process.env.PARLEY_URL ?? '',
  person: 'me',
  token: async () => process.env.PARLEY_TOKEN ?? null,
  storage: new MemoryStorage(),
  onReset: () => console.log('reset'),
  webSocketImpl: ${webSocketImpl},
})
const id = process.env.CONVERSATION ?? ''
client.query(OpenConversationDocument, { id }).subscribe(({ data, error, stale }) => {
  const messages = data?.conversation?.messages?.edges.map(({ node }) => node.body)
  if (!stale) console.log(error?.message ?? JSON.stringify({ messages }))
})
`

const imports = `
import { WebSocket } from 'ws'
import { openUrql } from './open-urql.js'
import { OpenConversationDocument, StartDocument } from './parley/generated/graphql.js'
import { MemoryStorage } from './parley/kit/storage.js'
`

/** Prints what a conversation shows, and how long the list of them is, whenever it changes. */
const watch: Program = {
  name: 'urql/watch.ts',
  text: `${imports}${urqlOf('WebSocket')}
client.query(StartDocument, {}).subscribe(({ data, error, stale }) => {
  const conversations = data?.conversations?.edges.length
  if (!stale) console.log(error?.message ?? JSON.stringify({ conversations }))
})
`,
}

/**
 * Asks for a conversation once more, and gets the answer only after an update that says \`newer\`: \`held\` is printed when
 * the server has answered. After that it prints what the conversation shows.
 */
const slow: Program = {
  name: 'urql/slow.ts',
  text: `${imports.replace(', StartDocument', '')}
let release = () => {}
const isNewer = new Promise<void>((resolve) => {
  release = resolve
})
let isSlow = false
const quick = globalThis.fetch
globalThis.fetch = async (...given) => {
  const response = await quick(...given)
  const text = await response.text()
  if (isSlow) {
    console.log('held')
    await isNewer
    console.log('released')
  }
  return new Response(text, response)
}
class Watched extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols)
    // After all that the arrival sets off by itself.
    this.on('message', (data) => void (String(data).includes('newer') && setImmediate(release)))
  }
}
${urqlOf('Watched')}
await client.query(OpenConversationDocument, { id })
isSlow = true
client.query(OpenConversationDocument, { id }, { requestPolicy: 'network-only' }).subscribe(() => {})
`,
}

/** Types one letter over the socket, and stays. */
const types: Program = {
  name: 'apollo/types.ts',
  text: `
import { WebSocket } from 'ws'
import { openApollo } from './parley/apollo/client.js'
import { MemoryStorage } from './parley/kit/storage.js'
import { typingIn } from './typing.js'

const { socket } = await openApollo({
  url: process.env.PARLEY_URL ?? '',
  person: 'me',
  token: async () => process.env.PARLEY_TOKEN ?? null,
  storage: new MemoryStorage(),
  webSocketImpl: WebSocket,
})
typingIn(socket, process.env.CONVERSATION ?? '').keystroke()
`,
}

export const morePrograms: readonly Program[] = [watch, slow, types]
