import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { type Following, type Transport, updateSelection, updateShape } from './receiver.js'

const subscription = `subscription ($after: String) { updates(after: $after) { ${updateSelection} } }`
const query = `query ($after: String!) { updates(after: $after, first: 100) { updates { ${updateSelection} } endCursor hasMore } }`
const event = z.object({
  data: z.object({ updates: updateShape }).nullish(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }).optional() })).optional(),
})
const page = z.object({ updates: z.object({ updates: z.array(updateShape), hasMore: z.boolean() }) })

/** A client asks a silent socket for a sign of life. */
const pingMilliseconds = 2000
const pongMilliseconds = 2000
/** How long the first event may take: there is always one, be it CaughtUp. */
const openMilliseconds = 5000
/** An event stream says something every 12 s at least; one that does not is given up. */
const silentMilliseconds = 20_000
const pollMilliseconds = 300

/** graphql-ws, with pings of the client's own. */
const overSocket: Transport = async ({ api, person, node, after, take, fail, stopped }) => {
  let raw: WebSocket | undefined
  let isLeft = false
  // The client's own `terminate` leaves the connection open, and what is half open takes 30 s to close.
  const cut = () => raw?.terminate()
  class CutableSocket extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols)
      this.on('error', () => {})
      raw = this
      // It was given up before it was even begun.
      if (isLeft) cut()
    }
  }
  let pong: NodeJS.Timeout | undefined
  const client = createClient({
    url: api.url(node).replace('http', 'ws'),
    webSocketImpl: CutableSocket,
    retryAttempts: 0,
    keepAlive: pingMilliseconds,
    connectionParams: async () => ({ authorization: await api.authorization(person.name) }),
    on: {
      ping: (isReceived) => {
        if (!isReceived) pong = setTimeout(cut, pongMilliseconds)
      },
      pong: (isReceived) => {
        if (isReceived) clearTimeout(pong)
      },
    },
  })
  const opening = setTimeout(cut, openMilliseconds)
  await new Promise<void>((resolve) => {
    const leave = () => {
      cut()
      resolve()
    }
    stopped.addEventListener('abort', leave, { once: true })
    client.subscribe<unknown>(
      { query: subscription, variables: { after } },
      {
        next: (result) => {
          clearTimeout(opening)
          const { data, errors } = event.parse(result)
          for (const error of errors ?? []) fail(error.extensions?.code ?? 'without a code')
          if (data) take(data.updates)
          if (errors) leave()
        },
        error: (error) => {
          for (const one of Array.isArray(error) ? error : []) fail(codeOf(one))
          leave()
        },
        complete: leave,
      },
    )
  })
  clearTimeout(opening)
  clearTimeout(pong)
  isLeft = true
  cut()
  // It rejects with how the connection ended, if that was before it was open.
  await Promise.resolve(client.dispose()).catch(() => {})
}

/** Server-sent events by fetch. */
const overEvents: Transport = async ({ api, person, node, after, take, fail, stopped }) => {
  const silent = new AbortController()
  let silence = setTimeout(() => silent.abort(), openMilliseconds)
  try {
    const response = await fetch(api.url(node), {
      method: 'POST',
      signal: AbortSignal.any([stopped, silent.signal]),
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: await api.authorization(person.name),
      },
      body: JSON.stringify({ query: subscription, variables: { after } }),
    })
    if (!response.ok) {
      fail(`status ${response.status}`)
      await response.body?.cancel()
      return
    }
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of response.body ?? []) {
      clearTimeout(silence)
      silence = setTimeout(() => silent.abort(), silentMilliseconds)
      text += decoder.decode(chunk, { stream: true })
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = /^event: next\ndata: (.*)$/m.exec(text.slice(0, end))?.[1]
        text = text.slice(end + 2)
        if (data === undefined) continue
        const result = event.parse(JSON.parse(data))
        for (const error of result.errors ?? []) fail(error.extensions?.code ?? 'without a code')
        if (result.errors) return
        if (result.data) take(result.data.updates)
      }
    }
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) throw error
    // It was cut, or never came about.
  } finally {
    clearTimeout(silence)
    silent.abort()
  }
}

/** `query updates`, a page at a time. */
const overPolling: Transport = async ({ api, person, node, after, take, fail, stopped }: Following) => {
  let cursor = after
  while (!stopped.aborted) {
    const outcome = await api.ask(person.name, node, query, { after: cursor })
    if (outcome.kind === 'code') fail(outcome.code)
    if (outcome.kind !== 'data') return
    const { updates, hasMore } = page.parse(outcome.data).updates
    for (const update of updates) take(update)
    cursor = updates.at(-1)?.cursor ?? cursor
    if (!hasMore) await sleep(pollMilliseconds, undefined, { signal: stopped }).catch(() => {})
  }
}

export const transports: readonly { readonly name: string; readonly follow: Transport }[] = [
  { name: 'graphql-ws', follow: overSocket },
  { name: 'SSE', follow: overEvents },
  { name: 'polling', follow: overPolling },
]

function codeOf(error: unknown): string {
  const parsed = z.object({ extensions: z.object({ code: z.string() }) }).safeParse(error)
  return parsed.data?.extensions.code ?? 'without a code'
}
