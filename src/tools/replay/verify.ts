import type { Member } from './cast.js'
import type { Client } from './client.js'
import { differences, isInOrder, type Said } from './compare.js'
import { type HistoryPage, history, type Message } from './operations.js'
import type { Participant } from './participant.js'
import type { Sign } from './tokens.js'

export interface Present {
  readonly member: Member
  readonly participant: Participant
}

/** What one person saw in one way, held against the file. */
export interface View {
  readonly name: string
  readonly kind: 'stream' | 'history'
  readonly turns: number
  /** One line for each turn that differs. */
  readonly differences: readonly string[]
}

/** Holds against the file what everybody present received, and what each of them can read. */
export async function verify(
  client: Client,
  sign: Sign,
  conversationId: string,
  present: readonly Present[],
  file: readonly Said[],
): Promise<View[]> {
  const keys = new Map(present.map(({ member }) => [member.externalId, member.key]))
  const look = (kind: View['kind'], { member }: Present, messages: readonly Message[]): View => {
    const seen = messages.map(({ sender, body }) => ({ speaker: nameIn(keys, sender?.externalId), body }))
    const found = differences(file, seen)
    if (!isInOrder(messages)) found.push('sequences do not ascend')
    return { name: `${kind} of ${member.key}`, kind, turns: messages.length, differences: found }
  }
  const histories: View[] = []
  for (const person of present) {
    const messages = await readHistory(client, await sign(person.member.externalId), conversationId)
    histories.push(look('history', person, messages))
  }
  // The streams last: what comes twice, or should not come, has had some time to come.
  const streams = present.map((person) => {
    const messages = person.participant.received.map((received) => received.message)
    const view = look('stream', person, messages)
    const { fault } = person.participant
    return fault === undefined ? view : { ...view, differences: [fault, ...view.differences] }
  })
  return [...streams, ...histories]
}

const nameIn = (keys: ReadonlyMap<string, string>, externalId = 'nobody') =>
  keys.get(externalId) ?? externalId

async function readHistory(client: Client, token: string, id: string): Promise<Message[]> {
  const messages: Message[] = []
  let after: string | null = null
  let hasMore = true
  while (hasMore) {
    const page: HistoryPage = (await client.request(token, history, { id, after })).messages
    messages.push(...page.edges.map((edge) => edge.node))
    hasMore = page.pageInfo.hasNextPage
    if (hasMore && page.pageInfo.endCursor === after) throw new Error('the history has a page without an end')
    after = page.pageInfo.endCursor
  }
  return messages
}
