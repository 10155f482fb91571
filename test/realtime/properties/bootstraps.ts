import { expect } from 'vitest'
import type { Person } from '../../support/person.js'
import { Stream } from '../../support/stream.js'
import { World } from '../../support/world.js'

const bootstrap = `{ viewer { updateCursor }
  conversations(first: 50) { edges { node { id lastMessage { sequence } } } } }`
const change =
  'change { __typename ... on MessageSent { message { sequence } } ... on CaughtUp { replayed } }'
const update = `cursor conversation { id } ${change}`
const page = `query ($after: String!) { updates(after: $after) { updates { ${update} } endCursor hasMore } }`
const subscription = `subscription ($after: String) { updates(after: $after) { ${update} } }`
const atOnce = 6
const everyNthOverSocket = 10

interface Update {
  readonly conversation: { readonly id: string } | null
  readonly change: { readonly __typename: string; readonly [field: string]: unknown } | null
}

/** The load: patients write to one doctor, who reads now and then, and another doctor opens groups with them. */
class Load {
  /** By conversation, the highest sequence that a sender has been told of. */
  readonly said = new Map<string, number>()
  private isOver = false

  constructor(
    private readonly doctor: Person,
    private readonly other: Person,
    private readonly pairs: readonly { person: Person; conversationId: string }[],
  ) {}

  stop(): void {
    this.isOver = true
  }

  async run(world: World): Promise<void> {
    const writers = this.pairs.map(async ({ person, conversationId }, index) => {
      for (let round = 1; !this.isOver; round++) {
        const { id } = await this.say(person, conversationId)
        if (round % 7 === index) await this.doctor.mutate('markRead', { conversationId, upToMessageId: id })
      }
    })
    const opening = (async () => {
      for (let groups = 0; groups < 12 && !this.isOver; groups++) {
        const conversationId = await world.group(this.other, [this.doctor])
        for (let count = 0; count < 5; count++) await this.say(this.other, conversationId)
      }
    })()
    await Promise.all([...writers, opening])
  }

  private async say(person: Person, conversationId: string) {
    const message = await person.send(conversationId, 'under load')
    this.said.set(conversationId, Math.max(message.sequence, this.said.get(conversationId) ?? 0))
    return message
  }
}

/** Starts up so many times while everybody writes: what was read and the updates after the cursor leave no hole. */
export async function bootstrapUnderLoad(count: number): Promise<void> {
  await using world = await World.start({ nodes: 2 })
  const doctor = await world.person('DOCTOR')
  const pairs: { person: Person; conversationId: string }[] = []
  for (let index = 0; index < 3; index++) {
    const person = await world.person('PATIENT', index % 2)
    await world.appointment(person, doctor)
    pairs.push({ person, conversationId: await doctor.open(person) })
  }
  const load = new Load(doctor, await world.person('DOCTOR', 1), pairs)
  const running = load.run(world)
  let next = 0
  let overlaps = 0
  let behind = 0
  try {
    const devices = Array.from({ length: atOnce }, async (_, device) => {
      const person = doctor.at(device % 2)
      while (next < count) {
        next += 1
        const met = await startUp(person, load, next % everyNthOverSocket === 0)
        overlaps += met.overlaps
        behind += met.behind
      }
    })
    await Promise.all(devices)
  } finally {
    load.stop()
  }
  await running
  // The load did meet the window between the cursor and what was read, and what came after.
  expect(Math.min(overlaps, behind)).toBeGreaterThan(0)
}

async function startUp(person: Person, load: Load, isOverSocket: boolean) {
  const { viewer, conversations } = await person.must<{
    viewer: { updateCursor: string }
    conversations: { edges: { node: { id: string; lastMessage: { sequence: number } | null } }[] }
  }>(bootstrap)
  const said = new Map(load.said)
  const updates = isOverSocket
    ? await updatesOverSocket(person, viewer.updateCursor)
    : await updatesOverHttp(person, viewer.updateCursor)

  const read = new Map(conversations.edges.map(({ node }) => [node.id, node.lastMessage?.sequence ?? 0]))
  const reached = new Map(read)
  let overlaps = 0
  let behind = 0
  for (const { conversation, change: sent } of updates) {
    if (sent?.__typename !== 'MessageSent' || !conversation) continue
    const { message } = sent
    if (typeof message !== 'object' || !message || !('sequence' in message)) throw new Error('no message')
    const sequence = Number(message.sequence)
    const before = reached.get(conversation.id) ?? 0
    if (sequence <= (read.get(conversation.id) ?? 0)) overlaps += 1
    else {
      // Neither read nor sent again: a hole.
      expect([conversation.id, sequence]).toEqual([conversation.id, before + 1])
      reached.set(conversation.id, sequence)
      behind += 1
    }
  }
  for (const [conversationId, sequence] of said)
    expect(reached.get(conversationId) ?? 0).toBeGreaterThanOrEqual(sequence)
  return { overlaps, behind }
}

async function updatesOverHttp(person: Person, cursor: string): Promise<Update[]> {
  const all: Update[] = []
  for (let after = cursor; ; ) {
    const { updates } = await person.must<{
      updates: { updates: Update[]; endCursor: string; hasMore: boolean }
    }>(page, { after })
    all.push(...updates.updates)
    if (!updates.hasMore) return all
    after = updates.endCursor
  }
}

async function updatesOverSocket(person: Person, cursor: string): Promise<Update[]> {
  const stream = new Stream(person.socket(), cursor, subscription)
  await stream.caughtUp()
  await stream.close()
  const end = stream.all.findIndex(({ change: last }) => last?.__typename === 'CaughtUp')
  expect(stream.all[end]?.change).toEqual({ __typename: 'CaughtUp', replayed: end })
  return stream.all.slice(0, end)
}
