import { randomUUID } from 'node:crypto'
import { dig, excerpt, list, number, text } from './json.js'
import { bodyOf } from './line.js'
import { backwardPageDocument, forwardPageDocument, sendDocument } from './parley/documents.js'
import type { CarePair } from './parley/people.js'
import { GraphqlSocket } from './parley/socket.js'

export const pageSize = 50

/** A page of the long conversation, and what must be on it. */
export interface Place {
  readonly name: string
  readonly document: string
  readonly cursor: string
  readonly firstSequence: number
}

/** Fills a conversation through the API, both people sending, and answers the cursors asked for by sequence. */
export async function fillConversation(
  url: string,
  pair: CarePair,
  count: number,
  wanted: ReadonlySet<number>,
): Promise<Map<number, string>> {
  const cursors = new Map<number, string>()
  const deadline = performance.now() + 15 * 60_000
  let next = 0
  const send = async (socket: GraphqlSocket): Promise<void> => {
    while (next < count) {
      next += 1
      if (next % 20_000 === 0) console.error(`history: ${next} of ${count} messages`)
      if (performance.now() > deadline) throw new Error('filling the conversation took more than 15 minutes')
      const body = bodyOf(next)
      const input = { conversationId: pair.conversationId, clientMessageId: randomUUID(), body }
      const data = await socket.execute(sendDocument, { input })
      const sent = dig(data, 'sendMessage')
      if (dig(sent, '__typename') !== 'SendMessagePayload') throw new Error(excerpt(data))
      const sequence = number(sent, 'message', 'sequence')
      if (wanted.has(sequence)) cursors.set(sequence, text(sent, 'messageEdge', 'cursor'))
    }
  }
  const fill = async (token: string): Promise<void> => {
    const socket = await GraphqlSocket.open(url, token)
    await Promise.all(Array.from({ length: 64 }, () => send(socket)))
    await socket.close()
  }
  await Promise.all(pair.tokens.map(fill))
  return cursors
}

/** Start, middle and end, forwards and backwards, each page full. */
export function placesOf(count: number): readonly { name: string; forward: boolean; from: number }[] {
  const middle = Math.floor(count / 2)
  const starts = [
    { name: 'start', first: 2 },
    { name: 'middle', first: middle },
    { name: 'end', first: count - pageSize },
  ]
  return starts.flatMap(({ name, first }) => [
    { name: `${name}, forwards`, forward: true, from: first - 1 },
    { name: `${name}, backwards`, forward: false, from: first + pageSize },
  ])
}

export function place(
  { name, forward, from }: { name: string; forward: boolean; from: number },
  cursors: ReadonlyMap<number, string>,
): Place {
  const cursor = cursors.get(from)
  if (cursor === undefined) throw new Error(`no cursor of message ${from}`)
  const document = forward ? forwardPageDocument : backwardPageDocument
  return { name, document, cursor, firstSequence: forward ? from + 1 : from - pageSize }
}

/** Reads one page over HTTP, checks that it is the right one, and answers the milliseconds it took. */
export async function readPage(
  url: string,
  pair: CarePair,
  { document, cursor, firstSequence }: Place,
): Promise<number> {
  const began = performance.now()
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${pair.tokens[0]}` },
    body: JSON.stringify({ query: document, variables: { id: pair.conversationId, cursor } }),
    signal: AbortSignal.timeout(10_000),
  })
  const answer = await response.text()
  const took = performance.now() - began
  const body: unknown = JSON.parse(answer)
  if (dig(body, 'errors') !== undefined) throw new Error(excerpt(body))
  const sequences = list(body, 'data', 'conversation', 'messages', 'edges').map((edge) =>
    number(edge, 'node', 'sequence'),
  )
  const right =
    sequences.length === pageSize && sequences.every((value, index) => value === firstSequence + index)
  if (!right)
    throw new Error(`a wrong page: ${sequences.length} messages from ${sequences[0]}, not ${firstSequence}`)
  return took
}
