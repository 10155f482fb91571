import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf } from '../../support/invariants.js'
import type { World } from '../../support/world.js'
import { range, rounds, rowIdOf, rowsOf, startRaces } from './racing.js'

let world: World
beforeAll(async () => {
  world = await startRaces()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

test('an edit against a deletion leaves a tombstone without a trace of either text', async () => {
  await rounds(12, async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const { id } = await patient.send(conversationId, 'Before.')
    const [edit, deletion] = await Promise.all([
      patient.mutate('editMessage', { messageId: id, body: 'After.' }),
      patient.at(1).mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' }),
    ])
    expect(['EditMessagePayload', 'ForbiddenError']).toContain(edit.__typename)
    expect(deletion.__typename).toBe('DeleteMessagePayload')
    expect(await doctor.history(conversationId)).toMatchObject([
      { id, body: null, deletedAt: expect.any(String), deletedBy: { id: patient.id } },
    ])
    const [stored] = await world.sql<{ body: Buffer | null; revisions: number }>(
      `SELECT body_sealed AS body, (SELECT count(*)::int FROM message_revisions r WHERE r.message_id = m.id) AS revisions
         FROM messages m WHERE id = $1::uuid`,
      [rowIdOf(id)],
    )
    expect(stored).toEqual({ body: null, revisions: 0 })
    const kinds = (await rowsOf(world, doctor, conversationId)).map(({ kind }) => kind)
    const isEdited = edit.__typename === 'EditMessagePayload'
    expect(kinds).toEqual([
      'CONVERSATION_OPENED',
      'MESSAGE_SENT',
      ...(isEdited ? ['MESSAGE_EDITED'] : []),
      'MESSAGE_DELETED',
    ])
  })
  expect(await faultsOf(world)).toEqual([])
})

test('deleting for oneself against deleting for everyone hides it and uncounts it once', async () => {
  await rounds(12, async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const { id } = await patient.send(conversationId, 'Unsaid.')
    await patient.send(conversationId, 'Said.')
    const results = await Promise.all([
      doctor.mutate('deleteMessage', { messageId: id, scope: 'ME' }),
      patient.at(1).mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' }),
      doctor.at(1).mutate('deleteMessage', { messageId: id, scope: 'ME' }),
    ])
    expect(results.map(({ __typename }) => __typename)).toEqual(results.map(() => 'DeleteMessagePayload'))
    expect(await doctor.history(conversationId)).toMatchObject([{ body: 'Said.' }])
    expect(await patient.history(conversationId)).toMatchObject([{ id, body: null }, { body: 'Said.' }])
    const told = (await rowsOf(world, doctor, conversationId)).filter(({ kind }) => kind === 'MESSAGE_HIDDEN')
    expect(told).toHaveLength(1)
    const { viewer } = await doctor.must<{ viewer: object }>(
      '{ viewer { unreadCount unreadConversationCount } }',
    )
    expect(viewer).toEqual({ unreadCount: 1, unreadConversationCount: 1 })
  })
  expect(await faultsOf(world)).toEqual([])
})

test('two devices that mark read end at the further one, and tell of each move once', async () => {
  await rounds(10, async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const messages = []
    for (const count of range(1, 6)) messages.push(await patient.send(conversationId, `${count}`))
    const results = await Promise.all(
      messages.map(({ id }, index) =>
        doctor
          .at(index % 2)
          .mutate(
            'markRead',
            { conversationId, upToMessageId: id },
            'conversation { unreadCount lastReadSequence }',
          ),
      ),
    )
    expect(results.map(({ __typename }) => __typename)).toEqual(results.map(() => 'MarkReadPayload'))
    for (const person of [doctor, patient]) {
      const moves = (await rowsOf(world, person, conversationId))
        .filter(({ kind }) => kind === 'MESSAGES_READ')
        .map(({ sequence }) => sequence ?? 0)
      expect(moves).toEqual([...new Set(moves)].sort((a, b) => a - b))
      expect(moves.at(-1)).toBe(6)
    }
    const { viewer } = await doctor.must<{ viewer: object }>(
      '{ viewer { unreadCount unreadConversationCount } }',
    )
    expect(viewer).toEqual({ unreadCount: 0, unreadConversationCount: 0 })
  })
  expect(await faultsOf(world)).toEqual([])
})

test('marking read against sends counts what is left, at any moment', async () => {
  await rounds(6, async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const seen: string[] = []
    let isOver = false
    const sends = Promise.all(
      [0, 1].map(async (node) => {
        for (const count of range(1, 12))
          seen.push((await patient.at(node).send(conversationId, `${count}`)).id)
      }),
    ).then(() => {
      isOver = true
    })
    const reads = [0, 1].map(async (node) => {
      while (!isOver) {
        const upToMessageId = seen[Math.floor(Math.random() * seen.length)]
        if (upToMessageId === undefined) await patient.history(conversationId, 1)
        else await doctor.at(node).mutate('markRead', { conversationId, upToMessageId })
      }
    })
    expect(await faultsOf(world)).toEqual([])
    await Promise.all([sends, ...reads])
  })
  expect(await faultsOf(world)).toEqual([])
})
