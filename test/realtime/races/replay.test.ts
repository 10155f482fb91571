import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf } from '../../support/invariants.js'
import type { World } from '../../support/world.js'
import { attempt, rounds, rowIdOf, startRaces } from './racing.js'

let world: World
beforeAll(async () => {
  world = await startRaces()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

test('five concurrent sends of one key over two nodes are one message', async () => {
  await rounds(20, async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const key = randomUUID()
    const outcomes = await Promise.all(
      [0, 1, 0, 1, 0].map((node) => attempt(patient.at(node), conversationId, 'Once.', key)),
    )
    const rows = await world.sql<{ id: string; sequence: number }>(
      'SELECT id, sequence FROM messages WHERE conversation_id = $1::uuid',
      [rowIdOf(conversationId)],
    )
    expect(rows).toEqual([{ id: rows[0]?.id, sequence: 1 }])
    const [message] = await patient.history(conversationId)
    expect(rowIdOf(message?.id ?? '')).toBe(rows[0]?.id)
    expect(
      outcomes.sort((a, b) => Number('replayed' in a && a.replayed) - Number('replayed' in b && b.replayed)),
    ).toEqual(
      [false, true, true, true, true].map((replayed) => ({
        code: 'SENT',
        id: message?.id,
        sequence: 1,
        replayed,
      })),
    )
    const told = await world.sql<{ userId: string; position: number }>(
      `SELECT user_id AS "userId", "position" FROM updates WHERE message_id = $1::uuid ORDER BY user_id`,
      [rows[0]?.id],
    )
    expect(told).toEqual([patient, doctor].map(({ rowId }) => ({ userId: rowId, position: 2 })).sort(byUser))
  })
  expect(await faultsOf(world)).toEqual([])
})

test('of concurrent sends of one key with different words one is said, the others conflict', async () => {
  await rounds(10, async () => {
    const { patient, conversationId } = await world.pair()
    const key = randomUUID()
    const outcomes = await Promise.all(
      [0, 1, 0, 1].map((node, index) => attempt(patient.at(node), conversationId, `Version ${index}.`, key)),
    )
    expect(outcomes.map(({ code }) => code).sort()).toEqual(['CONFLICT', 'CONFLICT', 'CONFLICT', 'SENT'])
    expect(await patient.history(conversationId)).toMatchObject([
      { sequence: 1, body: `Version ${outcomes.findIndex(({ code }) => code === 'SENT')}.` },
    ])
  })
  expect(await faultsOf(world)).toEqual([])
})

test('a refused send does not stand in for an accepted one of the same key', async () => {
  await rounds(10, async () => {
    const { patient, conversationId } = await world.pair()
    const elsewhere = await world.pair()
    const hidden = await elsewhere.patient.send(elsewhere.conversationId, 'Not theirs.')
    const key = randomUUID()
    const [refused, ...sent] = await Promise.all([
      patient.trySend(conversationId, 'Once.', { clientMessageId: key, replyToId: hidden.id }),
      attempt(patient, conversationId, 'Once.', key),
      attempt(patient.at(1), conversationId, 'Once.', key),
    ])
    // The refused one may have come last: then the key is known, and its content differs.
    expect(['NOT_FOUND', 'CONFLICT']).toContain(refused?.code)
    const [message] = await patient.history(conversationId)
    expect(sent.map((outcome) => ({ ...outcome, replayed: null }))).toEqual(
      [0, 1].map(() => ({ code: 'SENT', id: message?.id, sequence: 1, replayed: null })),
    )
    expect(sent.filter((outcome) => 'replayed' in outcome && !outcome.replayed)).toHaveLength(1)
  })
  expect(await faultsOf(world)).toEqual([])
})

function byUser(a: { userId: string }, b: { userId: string }): number {
  return a.userId < b.userId ? -1 : 1
}
