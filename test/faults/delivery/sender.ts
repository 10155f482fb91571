import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Api } from './api.js'
import type { Person } from './cast.js'
import type { Random } from './random.js'

/** What somebody said, and what they were told of it. */
export interface Said {
  /** Its clientMessageId, with which its body begins: so whoever reads it knows which one it is. */
  readonly key: string
  readonly conversationId: string
  readonly sender: string
  attempts: number
  /** The message's id, from the first acknowledgement; null while there is none. */
  acknowledgedAs: string | null
}

/** What senders met. */
export interface SendTally {
  attempts: number
  unknown: number
  replayed: number
  /** Errors by their code. */
  readonly codes: Map<string, number>
}

const sent = z.object({
  sendMessage: z.object({ replayed: z.boolean(), message: z.object({ id: z.string() }) }),
})
const document = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessagePayload { replayed message { id } } ... on Error { code } } }`
const filler = 'How is the knee today? The swelling went down a little overnight, thank you. '
const longestBackOffMilliseconds = 400
/** After the last fault is healed; by then the machine is at fault, or the program. */
const longestLastWordsMilliseconds = 30_000

/**
 * Says one thing after the other, each one again and again, with the same clientMessageId, at any node, until it is acknowledged:
 * so what one sender says in a conversation must stand there in that order.
 */
export class Sender {
  readonly said: Said[] = []

  constructor(
    private readonly api: Api,
    private readonly person: Person,
    private readonly random: Random,
    private readonly tally: SendTally,
  ) {}

  /** Until it is told to stop and the last message is acknowledged. */
  async run(stopped: AbortSignal, pauseMilliseconds: number): Promise<void> {
    while (!stopped.aborted) {
      const said: Said = {
        key: randomUUID(),
        conversationId: this.random.pick(this.person.conversationIds),
        sender: this.person.name,
        attempts: 0,
        acknowledgedAs: null,
      }
      this.said.push(said)
      await this.say(said, stopped)
      await sleep(pauseMilliseconds * 2 * this.random.next(), undefined, { signal: stopped }).catch(() => {})
    }
  }

  private async say(said: Said, stopped: AbortSignal): Promise<void> {
    const { key, conversationId } = said
    const body = `${key} ${filler.repeat(this.random.between(1, 4))}`
    let giveUpAt: number | null = null
    while (said.acknowledgedAs === null) {
      said.attempts += 1
      this.tally.attempts += 1
      const node = this.random.between(0, this.api.nodeCount - 1)
      const input = { conversationId, clientMessageId: key, body }
      const outcome = await this.api.ask(this.person.name, node, document, { input })
      if (outcome.kind === 'data') {
        const { replayed, message } = sent.parse(outcome.data).sendMessage
        if (replayed) this.tally.replayed += 1
        said.acknowledgedAs = message.id
        return
      }
      if (outcome.kind === 'unknown') this.tally.unknown += 1
      else this.tally.codes.set(outcome.code, (this.tally.codes.get(outcome.code) ?? 0) + 1)
      if (stopped.aborted) giveUpAt ??= performance.now() + longestLastWordsMilliseconds
      if (giveUpAt !== null && performance.now() > giveUpAt) return
      await sleep(longestBackOffMilliseconds * this.random.next())
    }
  }
}
