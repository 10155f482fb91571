import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf } from '../../support/invariants.js'
import type { Person } from '../../support/person.js'
import type { World } from '../../support/world.js'
import { attempt, range, rounds, rowIdOf, rowsOf, startRaces } from './racing.js'

let world: World
beforeAll(async () => {
  world = await startRaces()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

async function doctors(count: number): Promise<[Person, Person, ...Person[]]> {
  const made = await Promise.all(range(1, count).map((index) => world.person('DOCTOR', index % 2)))
  const [first, second, ...rest] = made
  if (!first || !second) throw new Error('too few')
  return [first, second, ...rest]
}

/** Who takes part now, with their role, as stored. */
async function roles(conversationId: string): Promise<Record<string, string>> {
  const rows = await world.sql<{ id: string; role: string }>(
    `SELECT u.external_id AS id, p.role FROM participants p JOIN users u ON u.id = p.user_id
      WHERE p.conversation_id = $1::uuid AND p.left_at IS NULL`,
    [rowIdOf(conversationId)],
  )
  return Object.fromEntries(rows.map(({ id, role }) => [id, role]))
}

async function systemEvents(person: Person, conversationId: string): Promise<string[]> {
  const messages = await person.history(conversationId)
  return messages.flatMap(({ systemEvent }) => (systemEvent ? [(systemEvent as { kind: string }).kind] : []))
}

test('of two owners who remove each other one stays, as the owner', async () => {
  await rounds(12, async () => {
    const [first, second, third] = await doctors(3)
    const conversationId = await world.group(first, third ? [second, third] : [second])
    await first.mutate('setParticipantRole', { conversationId, userId: second.id, role: 'OWNER' })
    const results = await Promise.all([
      first.mutate('removeParticipant', { conversationId, userId: second.id }),
      second.mutate('removeParticipant', { conversationId, userId: first.id }),
    ])
    expect(results.map(({ __typename, code }) => code ?? __typename).sort()).toEqual([
      'NOT_FOUND',
      'RemoveParticipantPayload',
    ])
    const winner = results[0]?.code === undefined ? first : second
    expect(await roles(conversationId)).toEqual({
      [winner.externalId]: 'OWNER',
      [third?.externalId ?? '']: 'MEMBER',
    })
    expect(await systemEvents(winner, conversationId)).toEqual(['OWNER_CHANGED', 'PARTICIPANT_REMOVED'])
  })
  expect(await faultsOf(world)).toEqual([])
})

test('when all leave at once the group is handed on, and closes behind the last', async () => {
  await rounds(8, async () => {
    const people = await doctors(4)
    const [owner, ...members] = people
    const conversationId = await world.group(owner, members)
    const results = await Promise.all(
      people.map((person) => person.mutate('removeParticipant', { conversationId, userId: person.id })),
    )
    expect(results.map(({ __typename }) => __typename)).toEqual(people.map(() => 'RemoveParticipantPayload'))
    expect(await roles(conversationId)).toEqual({})
    const kinds = await world.sql<{ kind: string; count: number }>(
      `SELECT event_kind AS kind, count(*)::int AS count FROM messages WHERE conversation_id = $1::uuid
          AND event_kind <> 'OWNER_CHANGED' GROUP BY 1 ORDER BY event_kind::text`,
      [rowIdOf(conversationId)],
    )
    expect(kinds).toEqual([
      { kind: 'CONVERSATION_CLOSED', count: 1 },
      { kind: 'PARTICIPANT_LEFT', count: 4 },
    ])
  })
  expect(await faultsOf(world)).toEqual([])
})

test('two owners who remove all others at once remove each of them once', async () => {
  await rounds(8, async () => {
    const [first, second, ...others] = await doctors(5)
    const conversationId = await world.group(first, [second, ...others])
    await first.mutate('setParticipantRole', { conversationId, userId: second.id, role: 'OWNER' })
    const results = await Promise.all(
      [first, second].flatMap((owner) =>
        others.map(({ id }) => owner.mutate('removeParticipant', { conversationId, userId: id })),
      ),
    )
    expect(new Set(results.map(({ __typename }) => __typename))).toEqual(
      new Set(['RemoveParticipantPayload']),
    )
    expect(await roles(conversationId)).toEqual({ [first.externalId]: 'OWNER', [second.externalId]: 'OWNER' })
    expect(await systemEvents(first, conversationId)).toEqual([
      'OWNER_CHANGED',
      ...others.map(() => 'PARTICIPANT_REMOVED'),
    ])
  })
  expect(await faultsOf(world)).toEqual([])
})

test('two owners who step down at once leave one', async () => {
  await rounds(8, async () => {
    const [first, second] = await doctors(2)
    const conversationId = await world.group(first, [second])
    await first.mutate('setParticipantRole', { conversationId, userId: second.id, role: 'OWNER' })
    const results = await Promise.all(
      [first, second].map((person) =>
        person.mutate('setParticipantRole', { conversationId, userId: person.id, role: 'MEMBER' }),
      ),
    )
    expect(results.map(({ __typename }) => __typename).sort()).toEqual([
      'ForbiddenError',
      'SetParticipantRolePayload',
    ])
    expect(Object.values(await roles(conversationId)).sort()).toEqual(['MEMBER', 'OWNER'])
  })
  expect(await faultsOf(world)).toEqual([])
})

test('both sides open their conversation at once, over both nodes: it is one', async () => {
  await rounds(12, async () => {
    const patient = await world.person('PATIENT')
    const doctor = await world.person('DOCTOR')
    await world.appointment(patient, doctor)
    const open = (person: Person, other: Person) =>
      person.mutate('openConversation', { userId: other.id }, 'created conversation { id }')
    const results = await Promise.all(
      [0, 1].flatMap((node) => [open(patient.at(node), doctor), open(doctor.at(node), patient)]),
    )
    const [id] = results.map(({ conversation }) => (conversation as { id: string }).id)
    expect(results.sort((a, b) => Number(b.created) - Number(a.created))).toEqual(
      [true, false, false, false].map((created) => ({
        __typename: 'OpenConversationPayload',
        created,
        conversation: { id },
      })),
    )
    for (const person of [patient, doctor]) {
      const kinds = (await rowsOf(world, person, id ?? '')).map(({ kind }) => kind)
      expect(kinds).toEqual(['CONVERSATION_OPENED'])
    }
  })
  expect(await faultsOf(world)).toEqual([])
})

test('somebody who is added many times at once joins once', async () => {
  await rounds(10, async () => {
    const [owner, second, joiner, another] = await doctors(4)
    if (!joiner || !another) throw new Error('too few')
    const conversationId = await world.group(owner, [second])
    await owner.mutate('setParticipantRole', { conversationId, userId: second.id, role: 'OWNER' })
    const results = await Promise.all(
      [owner, second, owner.at(1), second.at(1)].map((person, index) =>
        person.mutate('addParticipants', {
          conversationId,
          userIds: index % 2 === 0 ? [joiner.id, another.id] : [another.id, joiner.id],
        }),
      ),
    )
    expect(new Set(results.map(({ __typename }) => __typename))).toEqual(new Set(['AddParticipantsPayload']))
    expect(await systemEvents(owner, conversationId)).toEqual([
      'OWNER_CHANGED',
      'PARTICIPANT_JOINED',
      'PARTICIPANT_JOINED',
    ])
    const stays = await world.sql<{ userId: string }>(
      `SELECT user_id AS "userId" FROM memberships WHERE conversation_id = $1::uuid AND from_sequence > 1 ORDER BY 1`,
      [rowIdOf(conversationId)],
    )
    expect(stays.map(({ userId }) => userId)).toEqual([joiner.rowId, another.rowId].sort())
  })
  expect(await faultsOf(world)).toEqual([])
})

test('closing and reopening at once alternate', async () => {
  await rounds(10, async () => {
    const { doctor, patient, conversationId } = await world.pair()
    const results = await Promise.all(
      range(1, 8).map((index) =>
        doctor
          .at(index % 2)
          .mutate(index % 4 < 2 ? 'closeConversation' : 'reopenConversation', { conversationId }),
      ),
    )
    expect(results.filter(({ code }) => code !== undefined)).toEqual([])
    const events = await systemEvents(patient, conversationId)
    expect(events).toEqual(
      events.map((_, index) => (index % 2 === 0 ? 'CONVERSATION_CLOSED' : 'CONVERSATION_REOPENED')),
    )
    const isClosed = events.length % 2 === 1
    expect(await attempt(patient, conversationId, 'Anybody there?')).toMatchObject(
      isClosed ? { code: 'CANNOT_SEND', reasons: ['CONVERSATION_CLOSED'] } : { code: 'SENT' },
    )
  })
  expect(await faultsOf(world)).toEqual([])
})

test('a block against the opening of the conversation leaves nobody who believes that they may send', async () => {
  await rounds(16, async (round) => {
    const patient = await world.person('PATIENT')
    const doctor = await world.person('DOCTOR')
    await world.appointment(patient, doctor)
    const [opened, blocked] = await Promise.all([
      doctor.at(round % 2).mutate('openConversation', { userId: patient.id }, 'conversation { id }'),
      patient.at(1).mutate('blockUser', { userId: doctor.id }),
    ])
    expect(blocked.__typename).toBe('BlockUserPayload')
    if (opened.code !== undefined) {
      expect(opened).toMatchObject({ code: 'CANNOT_SEND', reasons: ['USER_INACTIVE'] })
      return
    }
    const { id } = opened.conversation as { id: string }
    const kinds = (await rowsOf(world, doctor, id)).map(({ kind }) => kind)
    expect(kinds).toEqual(['CONVERSATION_OPENED', 'CONVERSATION_CHANGED'])
  })
  expect(await faultsOf(world)).toEqual([])
})

test('one appointment that is given to two pairs at once is of one of them, and both were told', async () => {
  await rounds(8, async (round) => {
    const pairs = [await world.pair(0, 1), await world.pair(1, 0)]
    for (const { patient, doctor } of pairs) await world.appointment(patient, doctor, 'CANCELLED')
    await Promise.all(
      pairs.map(({ patient, doctor }) => world.appointment(patient, doctor, 'SCHEDULED', `moved-${round}`)),
    )
    const outcomes = await Promise.all(
      pairs.map(({ patient, conversationId }) => attempt(patient, conversationId, 'Which one?')),
    )
    expect(outcomes.map(({ code }) => code).sort()).toEqual(['CANNOT_SEND', 'SENT'])
    for (const [index, { doctor, conversationId }] of pairs.entries()) {
      const told = (await rowsOf(world, doctor, conversationId)).filter(
        ({ kind }) => kind === 'CONVERSATION_CHANGED',
      )
      // Cancelled; allowed; and, where it moved on, no longer. Or never allowed.
      expect(outcomes[index]?.code === 'SENT' ? [2] : [1, 3]).toContain(told.length)
    }
  })
  expect(await faultsOf(world)).toEqual([])
})
