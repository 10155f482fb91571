import { randomUUID } from 'node:crypto'
import type { Dialogue, Turn } from '../mts-dialog/parse.js'
import { introduce, openFor } from './cast.js'
import type { Client } from './client.js'
import { Participant } from './participant.js'
import { describe } from './socket.js'
import type { Sign } from './tokens.js'
import { type Present, type View, verify } from './verify.js'

export interface Stage {
  readonly client: Client
  /** The token of the platform that makes people and appointments. */
  readonly service: string
  readonly sign: Sign
  /** Begins every external id, so that a run meets nobody of another one. */
  readonly prefix: string
}

export interface Outcome {
  readonly turns: number
  readonly views: readonly View[]
  /** Milliseconds from send to receipt, one for every turn and every other person. */
  readonly latencies: readonly number[]
}

/** Plays one dialogue live, everybody on a socket of their own, and then verifies it. */
export async function play(stage: Stage, dialogue: Dialogue, onTurn: () => void): Promise<Outcome> {
  const { client, service, sign, prefix } = stage
  const people = await introduce(client, service, dialogue, prefix)
  const present: Present[] = []
  try {
    for (const member of people.members) {
      const participant = await Participant.connect(client, () => sign(member.externalId))
      present.push({ member, participant })
    }
    const conversationId = await openFor(client, sign, dialogue, people)
    const latencies = await speak(conversationId, dialogue.turns, present, onTurn)
    const views = await verify(client, sign, conversationId, present, dialogue.turns)
    return { turns: dialogue.turns.length, views, latencies }
  } finally {
    await Promise.all(present.map(({ participant }) => participant[Symbol.asyncDispose]()))
  }
}

/** Nobody speaks before having received what was said before; at the end everybody has received the last word. */
async function speak(
  conversationId: string,
  turns: readonly Turn[],
  present: readonly Present[],
  onTurn: () => void,
): Promise<number[]> {
  const sent: Sent[] = []
  for (const turn of turns) {
    const speaker = present.find(({ member }) => member.key === turn.speaker)?.participant
    if (!speaker) throw new Error(`nobody speaks as ${turn.speaker}`)
    const before = sent.at(-1)
    if (before) await speaker.hear(before.id, `turn ${sent.length}`)
    try {
      sent.push({ ...(await speaker.say(conversationId, randomUUID(), turn.body)), by: speaker })
    } catch (cause) {
      throw new Error(`turn ${sent.length + 1} was not sent: ${describe(cause)}`, { cause })
    }
    onTurn()
  }
  const last = sent.at(-1)
  if (last) await Promise.all(present.map(({ participant }) => participant.hear(last.id, 'the last turn')))
  return present.flatMap(({ participant }) => latenciesOf(participant, sent))
}

function latenciesOf(listener: Participant, sent: readonly Sent[]): number[] {
  const arrivals = new Map(listener.received.map(({ message, at }) => [message.id, at]))
  return sent.flatMap(({ id, at, by }) => {
    const arrival = by === listener ? undefined : arrivals.get(id)
    return arrival === undefined ? [] : [arrival - at]
  })
}

interface Sent {
  readonly id: string
  readonly at: number
  readonly by: Participant
}
