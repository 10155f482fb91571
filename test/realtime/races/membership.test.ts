import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf } from '../../support/invariants.js'
import type { World } from '../../support/world.js'
import {
  attempt,
  Barrage,
  range,
  rounds,
  rowsOf,
  sequencesSeen,
  startRaces,
  toldSequences,
} from './racing.js'

let world: World
beforeAll(async () => {
  world = await startRaces()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

/** A group of three doctors, the first its owner. */
async function team() {
  const [owner, member, other] = await Promise.all([0, 1, 0].map((node) => world.person('DOCTOR', node)))
  if (!owner || !member || !other) throw new Error('nobody there')
  return { owner, member, other, conversationId: await world.group(owner, [member, other]) }
}

test('who joins misses nothing from the join on, and sees nothing before', async () => {
  await rounds(8, async () => {
    const { owner, member, other, conversationId } = await team()
    const joiner = await world.person('DOCTOR', 1)
    const barrage = new Barrage([owner, member, other], conversationId)
    const result = await barrage.against(() =>
      owner.at(1).mutate('addParticipants', { conversationId, userIds: [joiner.id] }),
    )
    await barrage.end()
    expect(result.__typename).toBe('AddParticipantsPayload')
    const [first, ...rest] = await joiner.history(conversationId)
    expect(first).toMatchObject({
      kind: 'SYSTEM',
      systemEvent: { kind: 'PARTICIPANT_JOINED', subject: { externalId: joiner.externalId } },
    })
    const all = await owner.history(conversationId)
    expect(all.map(({ sequence }) => sequence)).toEqual(range(1, all.length))
    expect([first, ...rest].map((message) => message?.id)).toEqual(
      all.slice((first?.sequence ?? 0) - 1).map(({ id }) => id),
    )
    expect(await toldSequences(world, joiner, conversationId)).toEqual(
      range(first?.sequence ?? 0, all.length),
    )
    const { conversation } = await joiner.must<{ conversation: { unreadCount: number } }>(
      'query ($id: ID!) { conversation(id: $id) { unreadCount } }',
      { id: conversationId },
    )
    expect(conversation.unreadCount).toBe(rest.length)
    expect(
      all
        .filter(({ kind }) => kind === 'TEXT')
        .map(({ body }) => body)
        .sort(),
    ).toEqual(barrage.attempts.map(({ body }) => body).sort())
  })
  expect(await faultsOf(world)).toEqual([])
})

test('who leaves gets nothing said after it, and can’t send any more', async () => {
  await rounds(8, async () => {
    const { owner, member, other, conversationId } = await team()
    const barrage = new Barrage([owner, member, other], conversationId)
    const result = await barrage.against(() =>
      member.at(0).mutate('removeParticipant', { conversationId, userId: member.id }),
    )
    await barrage.end()
    expect(result.__typename).toBe('RemoveParticipantPayload')
    expect(barrage.lateOutcomes(member)).toEqual(['CANNOT_SEND NOT_A_PARTICIPANT'])
    expect(barrage.lateOutcomes(other)).toEqual(['SENT'])
    await expectStayEnded(member, conversationId, 'PARTICIPANT_LEFT')
    const later = (await rowsOf(world, member, conversationId)).at(-1)
    expect(later?.kind).toBe('PARTICIPANT_LEFT')
  })
  expect(await faultsOf(world)).toEqual([])
})

test('who is removed gets nothing said after it, but what becomes of what they may read', async () => {
  await rounds(8, async () => {
    const { owner, member, other, conversationId } = await team()
    const edited = await owner.send(conversationId, 'To be edited.')
    const deleted = await owner.send(conversationId, 'To be deleted.')
    const barrage = new Barrage([owner, member, other], conversationId)
    const [removal, edit, deletion] = await barrage.against(() =>
      Promise.all([
        owner.mutate('removeParticipant', { conversationId, userId: member.id }),
        owner.at(1).mutate('editMessage', { messageId: edited.id, body: 'Edited.' }),
        owner.at(1).mutate('deleteMessage', { messageId: deleted.id, scope: 'EVERYONE' }),
      ]),
    )
    await barrage.end()
    expect([removal, edit, deletion].map(({ __typename }) => __typename)).toEqual([
      'RemoveParticipantPayload',
      'EditMessagePayload',
      'DeleteMessagePayload',
    ])
    expect(barrage.lateOutcomes(member)).toEqual(['CANNOT_SEND NOT_A_PARTICIPANT'])
    expect(barrage.lateOutcomes(other)).toEqual(['SENT'])
    const end = await expectStayEnded(member, conversationId, 'PARTICIPANT_REMOVED')

    const after = await owner.send(conversationId, 'Said after it.')
    await owner.mutate('editMessage', { messageId: after.id, body: 'Still after it.' })
    await owner.mutate('editMessage', { messageId: edited.id, body: 'Edited again.' })
    const changes = (await rowsOf(world, member, conversationId)).filter(({ kind }) =>
      ['MESSAGE_EDITED', 'MESSAGE_DELETED'].includes(kind),
    )
    expect(changes.map(({ kind, sequence }) => `${kind} ${sequence}`).sort()).toEqual([
      'MESSAGE_DELETED 2',
      'MESSAGE_EDITED 1',
      'MESSAGE_EDITED 1',
    ])
    const seen = await member.history(conversationId)
    expect(seen.slice(0, 2)).toMatchObject([
      { body: 'Edited again.' },
      { body: null, deletedAt: expect.any(String) },
    ])
    expect(seen.at(-1)?.sequence).toBe(end)

    const own = barrage.accepted.filter(({ by }) => by === member.externalId).at(-1)
    if (!own) throw new Error('nothing was accepted')
    expect(await attempt(member.at(0), conversationId, own.body, own.clientMessageId)).toEqual({
      ...own.outcome,
      replayed: true,
    })
    expect(await attempt(member.at(1), conversationId, 'Other words.', own.clientMessageId)).toEqual({
      code: 'CONFLICT',
    })
  })
  expect(await faultsOf(world)).toEqual([])
})

test('who is removed and added again meanwhile has two stays with a hole', async () => {
  await rounds(6, async () => {
    const { owner, member, other, conversationId } = await team()
    const barrage = new Barrage([owner, other], conversationId)
    await barrage.against(() => owner.mutate('removeParticipant', { conversationId, userId: member.id }))
    await barrage.against(() =>
      owner.at(1).mutate('addParticipants', { conversationId, userIds: [member.id] }),
    )
    await barrage.end()
    const stays = await world.sql<{ from: number; to: number | null }>(
      `SELECT from_sequence AS "from", to_sequence AS "to" FROM memberships WHERE user_id = $1::uuid ORDER BY from_sequence`,
      [member.rowId],
    )
    const last = (await owner.history(conversationId)).length
    const [first, second] = stays
    if (!first?.to || !second || stays.length !== 2) throw new Error(`stays: ${JSON.stringify(stays)}`)
    expect(second.from).toBeGreaterThan(first.to + 1)
    const seen = [...range(1, first.to), ...range(second.from, last)]
    expect(await sequencesSeen(member, conversationId)).toEqual(seen)
    expect(await toldSequences(world, member, conversationId)).toEqual(seen)
  })
  expect(await faultsOf(world)).toEqual([])
})

/** The person saw and was told of everything up to the SYSTEM message of their end, whose sequence comes back. */
async function expectStayEnded(
  person: Awaited<ReturnType<typeof team>>['member'],
  conversationId: string,
  kind: string,
): Promise<number> {
  const [seen, told, [stay]] = await Promise.all([
    person.history(conversationId),
    toldSequences(world, person, conversationId),
    world.sql<{ to: number }>('SELECT to_sequence AS "to" FROM memberships WHERE user_id = $1::uuid', [
      person.rowId,
    ]),
  ])
  expect(seen.at(-1)).toMatchObject({
    sequence: stay?.to,
    kind: 'SYSTEM',
    systemEvent: { kind, subject: { externalId: person.externalId } },
  })
  expect(seen.map(({ sequence }) => sequence)).toEqual(range(1, stay?.to ?? 0))
  expect(told).toEqual(range(1, stay?.to ?? 0))
  return stay?.to ?? 0
}
