import { expect } from 'vitest'
import { deadlocksOf, faultsOf } from '../../support/invariants.js'
import type { Person, Result } from '../../support/person.js'
import type { World } from '../../support/world.js'
import { attempt, range, rowIdOf, startRaces } from './racing.js'

const workers = 20
const people = 7

interface Talk {
  readonly id: string
  readonly owner: Person
  readonly members: readonly Person[]
  readonly isGroup: boolean
  /** What was said there, newest last. */
  readonly said: string[]
}

interface Run {
  readonly everybody: readonly Person[]
  readonly doctors: readonly Person[]
  readonly talks: readonly Talk[]
  /** Accepted sends: the message’s id and its sequence. */
  readonly accepted: { readonly id: string; readonly sequence: number }[]
  readonly done: Map<string, number>
}

type Action = (run: Run, talk: Talk, person: Person) => Promise<void>

/** How often what is done, out of all of them together. */
const actions: readonly (readonly [number, string, Action])[] = [
  [40, 'send', send],
  [10, 'sendReading', sendReading],
  [
    15,
    'markRead',
    (_, talk, by) =>
      onMessage(talk, (id) => by.mutate('markRead', { conversationId: talk.id, upToMessageId: id })),
  ],
  [8, 'markDelivered', markDelivered],
  [
    7,
    'edit',
    (_, talk, by) =>
      onMessage(talk, (id) => by.mutate('editMessage', { messageId: id, body: `Edited ${Math.random()}` })),
  ],
  [
    4,
    'hide',
    (_, talk, by) => onMessage(talk, (id) => by.mutate('deleteMessage', { messageId: id, scope: 'ME' })),
  ],
  [
    4,
    'delete',
    (_, talk, by) =>
      onMessage(talk, (id) => by.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' })),
  ],
  [
    3,
    'block',
    async (run, _, by) => check(await by.mutate('blockUser', { userId: other(run.everybody, by).id })),
  ],
  [
    5,
    'unblock',
    async (run, _, by) => check(await by.mutate('unblockUser', { userId: other(run.everybody, by).id })),
  ],
  [
    6,
    'add',
    async (run, talk) =>
      check(
        await someNode(talk.owner).mutate('addParticipants', {
          conversationId: talk.id,
          userIds: [one(run.doctors).id, one(run.doctors).id],
        }),
      ),
  ],
  [
    3,
    'remove',
    async (run, talk) =>
      check(
        await someNode(talk.owner).mutate('removeParticipant', {
          conversationId: talk.id,
          userId: other(run.doctors, talk.owner).id,
        }),
      ),
  ],
  [
    1,
    'close',
    async (_, talk) =>
      check(await someNode(talk.owner).mutate('closeConversation', { conversationId: talk.id })),
  ],
  [
    3,
    'reopen',
    async (_, talk) =>
      check(await someNode(talk.owner).mutate('reopenConversation', { conversationId: talk.id })),
  ],
]

/** Everybody does everything at once for so long, over two nodes; then all that must hold is asked of the database. */
export async function runOverlap(milliseconds: number): Promise<void> {
  await using world = await startRaces()
  const run = await prepare(world)
  const deadline = Date.now() + milliseconds
  await Promise.all(
    range(1, workers).map(async (worker) => {
      // Each begins with another action, so that none is left out.
      await act(run, actions[worker % actions.length])
      while (Date.now() < deadline) await act(run)
    }),
  )
  expect([...run.done.keys()].sort()).toEqual(actions.map(([, name]) => name).sort())
  expect(run.accepted.length).toBeGreaterThan(milliseconds / 1000)
  expect(await faultsOf(world)).toEqual([])

  const stored = await world.sql<{ id: string; sequence: number }>(
    `SELECT id, sequence FROM messages WHERE kind = 'TEXT' ORDER BY id`,
  )
  const accepted = run.accepted.map(({ id, sequence }) => ({ id: rowIdOf(id), sequence }))
  expect(stored).toEqual(accepted.sort((a, b) => (a.id < b.id ? -1 : 1)))
  for (const talk of run.talks) await expectHistory(world, talk)

  for (const node of world.nodes) await node[Symbol.asyncDispose]()
  expect(await deadlocksOf(world)).toBe(0)
}

async function prepare(world: World): Promise<Run> {
  const some = (role: 'PATIENT' | 'DOCTOR') => Promise.all(range(1, people).map(() => world.person(role)))
  const [patients, doctors] = await Promise.all([some('PATIENT'), some('DOCTOR')])
  const talks: Talk[] = []
  for (const [index, patient] of patients.entries()) {
    for (const shift of [0, 1, 2]) {
      const doctor = doctors[(index + shift) % people]
      if (!doctor) continue
      await world.appointment(patient, doctor)
      const id = await doctor.open(patient)
      talks.push({ id, owner: doctor, members: [patient, doctor], isGroup: false, said: [] })
    }
  }
  for (const [index, owner] of doctors.entries()) {
    const patient = patients[index]
    const id = await world.group(
      owner,
      [...others(doctors, owner).slice(0, 4), ...(patient ? [patient] : [])],
      patient,
    )
    talks.push({ id, owner, members: [...doctors, ...(patient ? [patient] : [])], isGroup: true, said: [] })
  }
  return { everybody: [...patients, ...doctors], doctors, talks, accepted: [], done: new Map() }
}

async function act(run: Run, [, name, action] = anyAction()): Promise<void> {
  const talk = one(run.talks)
  await action(run, talk, someNode(one(talk.members)))
  run.done.set(name, (run.done.get(name) ?? 0) + 1)
}

function anyAction(): (typeof actions)[number] {
  return one(actions.flatMap((action) => Array<typeof action>(action[0]).fill(action)))
}

async function send(run: Run, talk: Talk, by: Person): Promise<void> {
  const outcome = await attempt(by, talk.id, `Said ${Math.random()}`)
  if ('sequence' in outcome) {
    run.accepted.push({ id: outcome.id, sequence: outcome.sequence })
    talk.said.push(outcome.id)
  } else expect(['CANNOT_SEND', 'NOT_FOUND']).toContain(outcome.code)
}

/** With what the sender has read, in the same transaction, and as an answer to it. */
async function sendReading(run: Run, talk: Talk, by: Person): Promise<void> {
  await onMessage(talk, async (id) => {
    const result = await by.trySend(talk.id, `Read ${Math.random()}`, {
      readUpToMessageId: id,
      replyToId: id,
    })
    if (result.code === undefined) {
      const message = result.message as { id: string; sequence: number }
      run.accepted.push({ id: message.id, sequence: message.sequence })
      talk.said.push(message.id)
    }
    return result
  })
}

async function onMessage(talk: Talk, what: (id: string) => Promise<Result>): Promise<void> {
  const recent = talk.said.slice(-8)
  if (recent.length > 0) check(await what(one(recent)))
}

async function markDelivered(_run: Run, _talk: Talk, by: Person): Promise<void> {
  const { viewer } = await by.must<{ viewer: { updateCursor: string } }>('{ viewer { updateCursor } }')
  const result = await by.mutate('markDelivered', { upToCursor: viewer.updateCursor })
  expect(result.code).toBe(undefined)
  check(result)
}

/** Refusals that the rules give are as good as successes; a fault of the server, or one of form, is not. */
function check(result: Result): void {
  if (result.code !== undefined) expect(['NOT_FOUND', 'FORBIDDEN', 'CANNOT_SEND']).toContain(result.code)
}

/** Each person’s history through the API is what the database says that they may see. */
async function expectHistory(world: World, talk: Talk): Promise<void> {
  const rows = await world.sql<{ userId: string; sequences: number[] }>(
    `SELECT s.user_id AS "userId", array_agg(m.sequence ORDER BY m.sequence) AS sequences
       FROM memberships s JOIN messages m ON m.conversation_id = s.conversation_id
        AND m.sequence BETWEEN s.from_sequence AND coalesce(s.to_sequence, m.sequence)
      WHERE s.conversation_id = $1::uuid
        AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = s.user_id AND h.message_id = m.id)
      GROUP BY 1`,
    [rowIdOf(talk.id)],
  )
  for (const person of [talk.owner, one(talk.members)]) {
    const expected = rows.find(({ userId }) => userId === person.rowId)?.sequences ?? []
    expect((await person.history(talk.id)).map(({ sequence }) => sequence)).toEqual(expected)
  }
}

function one<T>(list: readonly T[]): T {
  const [picked] = list.slice(Math.floor(Math.random() * list.length))
  if (picked === undefined) throw new Error('nothing to pick from')
  return picked
}

function others(list: readonly Person[], but: Person): Person[] {
  return list.filter(({ externalId }) => externalId !== but.externalId)
}

function other(list: readonly Person[], but: Person): Person {
  return one(others(list, but))
}

function someNode(person: Person): Person {
  return person.at(Math.random() < 0.5 ? 0 : 1)
}
