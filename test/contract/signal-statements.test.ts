import type { Client } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import {
  lastOf,
  type PresenceShape,
  presenceDocument,
  Signals,
  type TypingShape,
  typingDocument,
  typistsIn,
} from '../support/signals.js'
import { World } from '../support/world.js'

// A signal costs PostgreSQL the same however many people a list shows, and however many watch.

const statements: string[] = []
let world: World
let doctor: Person
let patient: Person
let conversationId: string

beforeAll(async () => {
  world = await World.start({ overrides: { observe: (statement) => void statements.push(statement) } })
  doctor = await world.person('DOCTOR')
  for (let n = 0; n < 12; n++) {
    patient = await world.person('PATIENT')
    await world.appointment(patient, doctor)
    conversationId = await doctor.open(patient)
  }
})
afterAll(() => world[Symbol.asyncDispose]())

const about = (text: RegExp) => statements.filter((statement) => text.test(statement)).length

test('a list of conversations with who is there costs one statement more, and with who types none', async () => {
  const list = async (first: number) => {
    statements.length = 0
    const { conversations } = await doctor.must<{ conversations: { edges: unknown[] } }>(
      `query ($first: Int!) { conversations(first: $first) {
         edges { node { id typists { id } otherParticipant { id presence { isOnline lastSeenAt } } } } } }`,
      { first },
    )
    expect(conversations.edges).toHaveLength(first)
    return { presence: about(/last_seen_at/), typing: about(/typist_id/) }
  }
  expect([await list(2), await list(12)]).toEqual([
    { presence: 1, typing: 0 },
    { presence: 1, typing: 0 },
  ])
})

test('a change of somebody’s presence costs a few statements, however many watch', async () => {
  const leave = patient.follow()
  await leave.caughtUp()
  const watchers = forty(
    (socket) => new Signals<PresenceShape>(socket, presenceDocument, { userIds: [patient.id] }),
  )
  for (const watcher of watchers)
    await watcher.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
  // A sweep or a look may fall into it, and watchers into two batches.
  expect(
    await statementsOf(async () => {
      await patient.mutate('setAvailability', { availability: 'BUSY' })
      for (const watcher of watchers)
        await watcher.until((all) => lastOf(all, patient)?.availability === 'BUSY', 'busy')
    }),
  ).toBeLessThan(20)
  await leave.close()
})

test('somebody who types costs a few statements, however many watch', async () => {
  const watchers = forty(
    (socket) => new Signals<TypingShape>(socket, typingDocument, { conversationId: null }),
  )
  const witness = Signals.typing(doctor, conversationId)
  await witness.until((all) => all.length === 1, 'the state')
  expect(
    await statementsOf(async () => {
      await patient.mutate('setTyping', { conversationId, isTyping: true })
      for (const watcher of [...watchers, witness])
        await watcher.until((all) => typistsIn(all, conversationId) === patient.externalId, 'typing')
    }),
  ).toBeLessThan(20)
})

/** As many watchers, of one person, on as few sockets as they may share. */
function forty<Watcher>(watch: (socket: Client) => Watcher): Watcher[] {
  const sockets = [doctor.socket(), doctor.socket()] as const
  return Array.from({ length: 40 }, (_, index) => watch(sockets[index % 2 === 0 ? 0 : 1]))
}

/** Of all kinds, without those of transactions. */
async function statementsOf(work: () => Promise<void>): Promise<number> {
  statements.length = 0
  await work()
  return statements.filter((statement) => !/^(BEGIN|COMMIT)/.test(statement)).length
}
