import { randomUUID } from 'node:crypto'
import { vi } from 'vitest'
import { redisUrl } from '../../support/cluster.js'
import type { Person } from '../../support/person.js'
import { World } from '../../support/world.js'

// Many rounds, on cores that other files use too.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** Two nodes on one database, with Redis between them where there is one. */
export function startRaces(): Promise<World> {
  const url = redisUrl()
  return World.start({ nodes: 2, ...(url === null ? {} : { redisUrl: url }) })
}

/** Runs many rounds of a race, a few at a time so that they meet in the batches of the nodes. */
export async function rounds(
  count: number,
  race: (round: number) => Promise<void>,
  width = 4,
): Promise<void> {
  const left = [...Array(count).keys()]
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let round = left.shift(); round !== undefined; round = left.shift()) await race(round)
    }),
  )
}

/** What became of a send. */
export type Outcome =
  | { readonly code: 'SENT'; readonly id: string; readonly sequence: number; readonly replayed: boolean }
  | { readonly code: string; readonly reasons?: string[] }

const document = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessagePayload { replayed message { id sequence } } ... on Error { code } ... on CannotSendError { reasons } } }`

/** Sends, and takes a refusal for an answer, also one in errors[]. */
export async function attempt(
  person: Person,
  conversationId: string,
  body: string,
  clientMessageId: string = randomUUID(),
): Promise<Outcome> {
  const { data, errors } = await person.ask<{
    sendMessage: {
      code?: string
      reasons?: string[]
      replayed: boolean
      message: { id: string; sequence: number }
    }
  }>(document, { input: { conversationId, clientMessageId, body } })
  const code = errors?.[0]?.extensions.code
  if (code !== undefined) return { code }
  const result = data?.sendMessage
  if (!result) throw new Error(`no answer: ${JSON.stringify({ data, errors })}`)
  if (result.code !== undefined) {
    return { code: result.code, ...(result.reasons ? { reasons: result.reasons } : {}) }
  }
  return { code: 'SENT', ...result.message, replayed: result.replayed }
}

export interface Attempt {
  readonly by: string
  readonly body: string
  readonly clientMessageId: string
  /** How many changes had been answered when it was begun. */
  readonly phase: number
  readonly outcome: Outcome
}

export type Accepted = Attempt & { readonly outcome: { readonly code: 'SENT'; readonly id: string } }

/** People who send into one conversation as fast as they can, each over both nodes. */
export class Barrage {
  readonly attempts: Attempt[] = []
  private readonly loops: Promise<void>[]
  private phase = 0
  private isOver = false
  private wakes: (() => void)[] = []

  constructor(
    private readonly senders: readonly Person[],
    private readonly conversationId: string,
  ) {
    this.loops = senders.flatMap((sender) => [0, 1].map((node) => this.send(sender.at(node))))
  }

  /** Waits until so many more were accepted, runs the change while sends go on, then waits until all tried again. */
  async against<T>(change: () => Promise<T>, more = 4): Promise<T> {
    const before = this.accepted.length
    await this.until(() => this.accepted.length >= before + more)
    const result = await change()
    this.phase += 1
    await this.until(() => this.late.length >= 3 * this.loops.length)
    return result
  }

  /** Runs the change while everything is refused, then waits until each sender was accepted again. */
  async resumeAfter(change: () => Promise<unknown>): Promise<void> {
    await this.against(change, 0)
    await this.until(() => this.senders.every((sender) => this.lateOutcomes(sender).includes('SENT')))
  }

  /** Everything that was begun is answered. */
  async end(): Promise<void> {
    this.isOver = true
    await Promise.all(this.loops)
  }

  get accepted(): Accepted[] {
    return this.attempts.filter(isAccepted)
  }

  /** What was begun after the last change was answered. */
  get late(): Attempt[] {
    return this.attempts.filter(({ phase }) => phase === this.phase)
  }

  /** The distinct outcomes of what somebody began after the last change was answered. */
  lateOutcomes(person: Person): string[] {
    const outcomes = this.late.filter(({ by }) => by === person.externalId).map(({ outcome }) => outcome)
    return [
      ...new Set(
        outcomes.map((one) => [one.code, ...('reasons' in one ? (one.reasons ?? []) : [])].join(' ')),
      ),
    ].sort()
  }

  private async send(person: Person): Promise<void> {
    for (let count = 1; !this.isOver; count++) {
      const { phase } = this
      const body = `${person.externalId} at ${person.node}, ${count}`
      const clientMessageId = randomUUID()
      const outcome = await attempt(person, this.conversationId, body, clientMessageId)
      this.attempts.push({ by: person.externalId, body, clientMessageId, phase, outcome })
      for (const wake of this.wakes.splice(0)) wake()
    }
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.wakes.push(resolve))
  }
}

function isAccepted(one: Attempt): one is Accepted {
  return one.outcome.code === 'SENT'
}

/** A person’s rows that concern a conversation, or none, in the order of the stream. */
export function rowsOf(
  world: World,
  person: Person,
  conversationId: string,
): Promise<{ kind: string; position: number; sequence: number | null; messageId: string | null }[]> {
  return world.sql(
    `SELECT kind, "position", sequence, message_id AS "messageId" FROM updates
      WHERE user_id = $1::uuid AND (conversation_id = $2::uuid OR conversation_id IS NULL) ORDER BY "position"`,
    [person.rowId, rowIdOf(conversationId)],
  )
}

/** The sequences that a person was told of, in the order of the stream. */
export async function toldSequences(
  world: World,
  person: Person,
  conversationId: string,
): Promise<(number | null)[]> {
  const rows = await rowsOf(world, person, conversationId)
  return rows.filter(({ kind }) => kind === 'MESSAGE_SENT').map(({ sequence }) => sequence)
}

export function rowIdOf(globalId: string): string {
  return Buffer.from(globalId, 'base64url').toString().split(':')[1] ?? ''
}

export async function sequencesSeen(person: Person, conversationId: string): Promise<number[]> {
  return (await person.history(conversationId)).map(({ sequence }) => sequence)
}

/** The sequences from one to another, both included. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from + 1, 0) }, (_, index) => from + index)
}
