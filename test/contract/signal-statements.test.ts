import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { lastOf, Signals, typistsIn } from '../support/signals.js'
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

test('a change of somebody’s presence costs one statement, however many watch', async () => {
  const leave = patient.follow()
  await leave.caughtUp()
  const watchers = Array.from({ length: 12 }, () => Signals.presence(doctor, [patient]))
  for (const watcher of watchers)
    await watcher.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
  statements.length = 0
  await patient.mutate('setAvailability', { availability: 'BUSY' })
  for (const watcher of watchers)
    await watcher.until((all) => lastOf(all, patient)?.availability === 'BUSY', 'busy')
  // One for the mutation's own answer; the watchers' look may fall into two, if a look was due just then.
  expect(about(/unnest.*viewer_id, user_id/s)).toBeLessThanOrEqual(3)
  await leave.close()
})

test('somebody who types costs two statements, however many watch', async () => {
  const watchers = Array.from({ length: 12 }, () => Signals.typing(doctor, null))
  const witness = Signals.typing(doctor, conversationId)
  await witness.until((all) => all.length === 1, 'the state')
  statements.length = 0
  await patient.mutate('setTyping', { conversationId, isTyping: true })
  for (const watcher of [...watchers, witness])
    await watcher.until((all) => typistsIn(all, conversationId) === patient.externalId, 'typing')
  expect(about(/typist_id/)).toBeLessThanOrEqual(2)
  expect(about(/user_id AS "userId" FROM participants/)).toBe(1)
})
