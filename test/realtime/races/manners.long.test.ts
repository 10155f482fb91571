import { afterAll, beforeAll, expect, test } from 'vitest'
import { deadlocksOf, faultsOf } from '../../support/invariants.js'
import { outcomeOf } from '../../support/outcomes.js'
import type { Person, Result } from '../../support/person.js'
import type { World } from '../../support/world.js'
import { Barrage, range, rounds, rowIdOf, rowsOf, startRaces, toldSequences } from './racing.js'

let world: World
beforeAll(async () => {
  world = await startRaces()
})
afterAll(async () => {
  // Connections report their deadlocks as they end.
  for (const node of world.nodes.splice(0)) await node[Symbol.asyncDispose]()
  const deadlocks = await deadlocksOf(world)
  await world[Symbol.asyncDispose]()
  expect(deadlocks).toBe(0)
})

const react = (by: Person, messageId: string, emoji: string) => by.mutate('addReaction', { messageId, emoji })
const outcomes = (results: readonly Result[]) => results.map(outcomeOf).sort()

/** The kinds of a person's rows about one message, in the order of the stream. */
async function kindsAbout(person: Person, conversationId: string, messageId: string): Promise<string[]> {
  const rows = await rowsOf(world, person, conversationId)
  return rows.filter((row) => row.messageId === rowIdOf(messageId)).map(({ kind }) => kind)
}

async function team() {
  const [owner, member, other] = await Promise.all([0, 1, 0].map((node) => world.person('DOCTOR', node)))
  if (!owner || !member || !other) throw new Error('nobody there')
  return { owner, member, other, conversationId: await world.group(owner, [member, other]) }
}

test('reactions against a deletion leave none, and nobody is told of one after it', async () => {
  await rounds(6, async (round) => {
    const { patient, doctor, conversationId } = await world.pair()
    const { id } = await patient.send(conversationId, 'Soon gone.')
    await react(doctor.at(1), id, '🎉')
    const begun = [
      () => patient.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' }),
      () => react(doctor.at(1), id, '👍'),
      () => react(patient.at(1), id, '❤'),
      () => doctor.mutate('removeReaction', { messageId: id, emoji: '🎉' }),
    ]
    const results = await Promise.all((round % 2 ? begun : begun.toReversed()).map((begin) => begin()))
    const [deletion, ...reactions] = round % 2 ? results : results.toReversed()
    if (!deletion) throw new Error('no answer')
    expect(deletion.__typename).toBe('DeleteMessagePayload')
    expect(reactions.map(outcomeOf).filter((outcome) => !['ok', 'FORBIDDEN'].includes(outcome))).toEqual([])
    const [stored] = await world.sql(
      `SELECT reaction_count AS counted, (SELECT count(*)::int FROM reactions r WHERE r.message_id = m.id) AS rows
         FROM messages m WHERE id = $1::uuid`,
      [rowIdOf(id)],
    )
    expect(stored).toEqual({ counted: 0, rows: 0 })
    const done = reactions.filter(({ code }) => code === undefined).length
    for (const person of [patient, doctor]) {
      const kinds = await kindsAbout(person, conversationId, id)
      expect(kinds.at(-1)).toBe('MESSAGE_DELETED')
      expect(kinds.filter((kind) => kind.startsWith('REACTION_'))).toHaveLength(1 + done)
    }
  })
  expect(await faultsOf(world)).toEqual([])
})

test('one reaction by two devices at once is one, and so is taking it back', async () => {
  await rounds(6, async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const { id } = await patient.send(conversationId, 'Well?')
    const stored = () =>
      world.sql(
        `SELECT m.reaction_count AS counted, count(r.user_id)::int AS rows FROM messages m
           LEFT JOIN reactions r ON r.message_id = m.id WHERE m.id = $1::uuid GROUP BY m.id`,
        [rowIdOf(id)],
      )
    const added = await Promise.all([0, 1, 0, 1].map((node) => react(doctor.at(node), id, '👍')))
    expect(added.map(outcomeOf)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(await stored()).toEqual([{ counted: 1, rows: 1 }])
    const removed = await Promise.all(
      [0, 1].map((node) => doctor.at(node).mutate('removeReaction', { messageId: id, emoji: '👍' })),
    )
    expect(removed.map(outcomeOf)).toEqual(['ok', 'ok'])
    expect(await stored()).toEqual([{ counted: 0, rows: 0 }])
    for (const person of [patient, doctor])
      expect(await kindsAbout(person, conversationId, id)).toEqual([
        'MESSAGE_SENT',
        'REACTION_ADDED',
        'REACTION_REMOVED',
      ])
  })
  expect(await faultsOf(world)).toEqual([])
})

test('of two kinds that would be the 20th and the 21st one stands', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const { id } = await patient.send(conversationId, 'So much.')
  const kinds = ['😀', '😃', '😄', '😁', '😆', '😅', '🤣', '😂', '🙂', '🙃'].concat([
    '😉',
    '😊',
    '😇',
    '🥰',
    '😍',
    '🤩',
    '😘',
    '😗',
    '😚',
  ])
  for (const emoji of kinds) await react(doctor, id, emoji)
  await rounds(
    5,
    async (round) => {
      const [first, second] = round % 2 ? [patient, doctor] : [doctor, patient]
      const results = await Promise.all([react(first, id, '👍'), react(second.at(1), id, '🎉')])
      expect(outcomes(results)).toEqual(['INVALID_INPUT', 'ok'])
      const [stored] = await world.sql(
        'SELECT count(DISTINCT emoji)::int AS kinds FROM reactions WHERE message_id = $1::uuid',
        [rowIdOf(id)],
      )
      expect(stored).toEqual({ kinds: 20 })
      const undo = [first, second].flatMap((person) =>
        ['👍', '🎉'].map((emoji) => person.mutate('removeReaction', { messageId: id, emoji })),
      )
      expect(outcomes(await Promise.all(undo))).toEqual(['ok', 'ok', 'ok', 'ok'])
    },
    1,
  )
  expect(await faultsOf(world)).toEqual([])
})

test('a pin against closing stands if it came before, and is told of before it', async () => {
  await rounds(6, async (round) => {
    const { patient, doctor, conversationId } = await world.pair()
    const { id } = await patient.send(conversationId, 'Keep this.')
    const [pinned, closed] = await Promise.all([
      patient.at(round % 2).mutate('pinMessage', { messageId: id }),
      doctor.at((round + 1) % 2).mutate('closeConversation', { conversationId }),
    ])
    expect(closed.__typename).toBe('CloseConversationPayload')
    expect(['ok', 'FORBIDDEN']).toContain(outcomeOf(pinned))
    const isPinned = pinned.code === undefined
    for (const person of [patient, doctor]) {
      const { conversation } = await person.must<{ conversation: { pinnedMessages: { id: string }[] } }>(
        'query ($id: ID!) { conversation(id: $id) { pinnedMessages { id } } }',
        { id: conversationId },
      )
      expect(conversation.pinnedMessages).toEqual(isPinned ? [{ id }] : [])
      const kinds = (await rowsOf(world, person, conversationId)).map(({ kind }) => kind)
      expect(kinds.slice(0, isPinned ? 3 : 2)).toEqual([
        'CONVERSATION_OPENED',
        'MESSAGE_SENT',
        ...(isPinned ? ['MESSAGE_PINNED'] : []),
      ])
      expect(kinds.filter((kind) => kind === 'MESSAGE_PINNED')).toHaveLength(isPinned ? 1 : 0)
    }
  })
  expect(await faultsOf(world)).toEqual([])
})

test('of two pins that would be the 50th and the 51st one stands', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const ids: string[] = []
  for (const count of range(1, 51)) ids.push((await patient.send(conversationId, `${count}`)).id)
  const [one = '', other = '', ...rest] = ids
  for (const messageId of rest) await doctor.mutate('pinMessage', { messageId })
  await rounds(
    5,
    async () => {
      const results = await Promise.all([
        doctor.mutate('pinMessage', { messageId: one }),
        patient.at(1).mutate('pinMessage', { messageId: other }),
      ])
      expect(outcomes(results)).toEqual(['CONFLICT', 'ok'])
      const [stored] = await world.sql(
        'SELECT count(*)::int AS pins FROM messages WHERE conversation_id = $1::uuid AND pinned_at IS NOT NULL',
        [rowIdOf(conversationId)],
      )
      expect(stored).toEqual({ pins: 50 })
      const undo = await Promise.all(
        [one, other].map((messageId, node) => doctor.at(node).mutate('unpinMessage', { messageId })),
      )
      expect(undo.map(outcomeOf)).toEqual(['ok', 'ok'])
    },
    1,
  )
  expect(await faultsOf(world)).toEqual([])
})

test('an acknowledgement against leaving is told of before the end, or refused', async () => {
  await rounds(6, async (round) => {
    const { owner, member, other, conversationId } = await team()
    const { id } = await member.send(conversationId, 'Now!', { priority: 'URGENT' })
    // By turns the one who acknowledges and the one who is told of it.
    const leaver = round % 2 ? member : other
    const [left, ...acknowledged] = await Promise.all([
      leaver.at(0).mutate('removeParticipant', { conversationId, userId: leaver.id }),
      other.at(1).mutate('acknowledgeMessage', { messageId: id }),
      other.at(0).mutate('acknowledgeMessage', { messageId: id }),
      owner.at(1).mutate('acknowledgeMessage', { messageId: id }),
    ])
    expect(left.__typename).toBe('RemoveParticipantPayload')
    const [first = '', second = '', byOwner] = acknowledged.map(outcomeOf)
    expect(byOwner).toBe('ok')
    if (leaver === member) expect([first, second]).toEqual(['ok', 'ok'])
    else expect([first, second].filter((outcome) => !['ok', 'FORBIDDEN'].includes(outcome))).toEqual([])
    const stored = await world.sql<{ id: string }>(
      'SELECT user_id AS id FROM acknowledgements WHERE message_id = $1::uuid',
      [rowIdOf(id)],
    )
    const others = [first, second].includes('ok') ? [other.rowId] : []
    expect(stored.map((row) => row.id).sort()).toEqual([owner.rowId, ...others].sort())
    const kinds = (await rowsOf(world, leaver, conversationId)).map(({ kind }) => kind)
    expect(kinds.at(-1)).toBe('PARTICIPANT_LEFT')
    if (leaver === other) {
      const told = await kindsAbout(member, conversationId, id)
      expect(told.filter((kind) => kind === 'MESSAGE_ACKNOWLEDGED')).toHaveLength(stored.length)
      expect(kinds.filter((kind) => kind === 'MESSAGE_ACKNOWLEDGED')).toHaveLength(others.length)
    }
  })
  expect(await faultsOf(world)).toEqual([])
})

test('two devices mark read and unread while messages come, and every counter is exact', async () => {
  await rounds(4, async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const seen = [(await patient.send(conversationId, 'Before.')).id]
    const marks = [0, 1].flatMap((node) => [
      async () => doctor.at(node).mutate('markUnread', { conversationId }),
      async () => doctor.at(node).mutate('markRead', { conversationId, upToMessageId: seen.at(-1) }),
    ])
    const results = await Promise.all([
      ...[0, 1].map(async (node) => {
        for (const count of range(1, 4))
          seen.push((await patient.at(node).send(conversationId, `${count}`)).id)
        return []
      }),
      ...marks.map(async (mark) => [await mark(), await mark(), await mark()]),
    ])
    expect(results.flat().map(outcomeOf)).toEqual(range(1, 12).map(() => 'ok'))
    const state = () =>
      doctor.must<{
        viewer: { unreadCount: number; unreadConversationCount: number }
        conversation: { unreadCount: number; isMarkedUnread: boolean }
      }>(
        `query ($id: ID!) { viewer { unreadCount unreadConversationCount }
           conversation(id: $id) { unreadCount isMarkedUnread } }`,
        { id: conversationId },
      )
    const { viewer, conversation } = await state()
    expect(viewer).toEqual({
      unreadCount: conversation.unreadCount,
      unreadConversationCount: Number(conversation.unreadCount > 0 || conversation.isMarkedUnread),
    })
    const [last] = await world.sql<{ here: number; total: number }>(
      `SELECT conversation_unread AS here, viewer_unread AS total FROM updates
        WHERE user_id = $1::uuid ORDER BY "position" DESC LIMIT 1`,
      [doctor.rowId],
    )
    expect(last).toEqual({ here: conversation.unreadCount, total: conversation.unreadCount })
    // The last word of two at once is either; of one alone it is certain.
    const newest = (await doctor.history(conversationId)).at(-1)
    await Promise.all(
      [0, 1].map((node) => doctor.at(node).mutate('markRead', { conversationId, upToMessageId: newest?.id })),
    )
    expect(await state()).toEqual({
      viewer: { unreadCount: 0, unreadConversationCount: 0 },
      conversation: { unreadCount: 0, isMarkedUnread: false },
    })
    await Promise.all([0, 1].map((node) => doctor.at(node).mutate('markUnread', { conversationId })))
    expect(await state()).toEqual({
      viewer: { unreadCount: 0, unreadConversationCount: 1 },
      conversation: { unreadCount: 0, isMarkedUnread: true },
    })
  })
  expect(await faultsOf(world)).toEqual([])
})

test('archived while messages come: back with the next one, unless it is muted', async () => {
  await rounds(6, async (round) => {
    const { patient, doctor, conversationId } = await world.pair()
    const isMuted = round % 2 === 1
    if (isMuted)
      await doctor.mutate('muteConversation', { conversationId, until: '2100-01-01T00:00:00.000Z' })
    await patient.send(conversationId, 'Before.')
    let isOver = false
    const sends = Promise.all(
      [0, 1].map(async (node) => {
        for (const count of range(1, 4)) await patient.at(node).send(conversationId, `${count}`)
      }),
    ).then(() => {
      isOver = true
    })
    const archived: Result[] = []
    const archiving = [0, 1].map(async (node) => {
      while (!isOver) archived.push(await doctor.at(node).mutate('archiveConversation', { conversationId }))
    })
    await Promise.all([sends, ...archiving])
    expect(archived.filter(({ code }) => code !== undefined)).toEqual([])
    const state = () =>
      doctor.must<{
        viewer: { unreadCount: number; unreadConversationCount: number }
        conversation: { unreadCount: number; archivedAt: string | null }
      }>(
        `query ($id: ID!) { viewer { unreadCount unreadConversationCount }
           conversation(id: $id) { unreadCount archivedAt } }`,
        { id: conversationId },
      )
    const { viewer, conversation } = await state()
    expect(conversation.unreadCount).toBe(9)
    const isArchived = conversation.archivedAt !== null
    expect(viewer).toEqual(
      isArchived
        ? { unreadCount: 0, unreadConversationCount: 0 }
        : { unreadCount: 9, unreadConversationCount: 1 },
    )
    // Muted, it stays where it is put; otherwise whichever came last decides: it, or a message, which brings it back.
    const [last] = await world.sql<{ kind: string; by: string }>(
      'SELECT kind, actor_id AS by FROM updates WHERE user_id = $1::uuid ORDER BY "position" DESC LIMIT 1',
      [doctor.rowId],
    )
    expect(isArchived).toBe(isMuted || (last?.kind === 'CONVERSATION_CHANGED' && last.by === doctor.rowId))

    await patient.send(conversationId, 'Afterwards.')
    expect(await state()).toEqual({
      viewer: isMuted
        ? { unreadCount: 0, unreadConversationCount: 0 }
        : { unreadCount: 10, unreadConversationCount: 1 },
      conversation: { unreadCount: 10, archivedAt: isMuted ? expect.any(String) : null },
    })
  })
  expect(await faultsOf(world)).toEqual([])
})

test('who joins while a hundred are sent gets what comes from their join on, and is mentioned only then', async () => {
  await rounds(
    2,
    async () => {
      const { owner, member, other, conversationId } = await team()
      const joiner = await world.person('DOCTOR', 1)
      const mentioning: number[] = []
      let sent = 0
      let begin = () => {}
      const under = new Promise<void>((resolve) => {
        begin = resolve
      })
      const senders = [owner, member, other, owner.at(1)].map(async (sender) => {
        for (const count of range(1, 25)) {
          const body = `${count} of ${sender.externalId} at ${sender.node}`
          const priority = count % 5 === 0 ? 'URGENT' : 'ROUTINE'
          const result = await sender.trySend(conversationId, body, { mentionIds: [joiner.id], priority })
          if (result.code === undefined) mentioning.push((result.message as { sequence: number }).sequence)
          else {
            expect(result.code).toBe('NOT_FOUND')
            await sender.send(conversationId, body, { priority, mentionIds: [owner.id] })
          }
          sent += 1
          if (sent === 30) begin()
        }
      })
      await under
      const joined = await owner.at(1).mutate('addParticipants', { conversationId, userIds: [joiner.id] })
      expect(joined.__typename).toBe('AddParticipantsPayload')
      await Promise.all(senders)
      const all = await owner.history(conversationId)
      expect(all.map(({ sequence }) => sequence)).toEqual(range(1, 101))
      const seen = await joiner.history(conversationId)
      const from = seen[0]?.sequence ?? 0
      expect(seen[0]).toMatchObject({
        kind: 'SYSTEM',
        systemEvent: { kind: 'PARTICIPANT_JOINED', subject: { externalId: joiner.externalId } },
      })
      expect(seen.map(({ id }) => id)).toEqual(all.slice(from - 1).map(({ id }) => id))
      expect(await toldSequences(world, joiner, conversationId)).toEqual(range(from, 101))
      const stored = await world.sql<{ sequence: number }>(
        'SELECT m.sequence FROM mentions n JOIN messages m ON m.id = n.message_id WHERE n.user_id = $1::uuid ORDER BY 1',
        [joiner.rowId],
      )
      expect(stored.map(({ sequence }) => sequence)).toEqual(mentioning.sort((a, b) => a - b))
      expect(mentioning[0]).toBeGreaterThan(from)
      const { viewer } = await joiner.must<{ viewer: object }>(
        '{ viewer { unreadCount unreadConversationCount } }',
      )
      expect(viewer).toEqual({ unreadCount: 101 - from, unreadConversationCount: 1 })
    },
    2,
  )
  expect(await faultsOf(world)).toEqual([])
})

test('a group renamed while messages come has the title that it was given last', async () => {
  await rounds(3, async () => {
    const { owner, member, other, conversationId } = await team()
    await owner.mutate('setParticipantRole', { conversationId, userId: member.id, role: 'OWNER' })
    const barrage = new Barrage([owner, member, other], conversationId)
    const renamed = await barrage.against(() =>
      Promise.all(
        ['One', 'Two', 'Three', 'Four'].map((title, index) =>
          (index % 2 ? owner : member).at(index < 2 ? 0 : 1).mutate('updateGroup', { conversationId, title }),
        ),
      ),
    )
    await barrage.end()
    expect(renamed.map(outcomeOf)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(barrage.attempts.filter(({ outcome }) => outcome.code !== 'SENT')).toEqual([])
    const { conversation } = await other.at(1).must<{
      conversation: {
        title: string
        messages: {
          edges: { node: { sequence: number; systemEvent: { kind: string; text: string } | null } }[]
        }
      }
    }>(
      `query ($id: ID!) { conversation(id: $id) { title messages(last: 100) {
         edges { node { sequence systemEvent { kind text } } } } } }`,
      { id: conversationId },
    )
    const titles = conversation.messages.edges.flatMap(({ node }) =>
      node.systemEvent?.kind === 'TITLE_CHANGED' ? [node.systemEvent.text] : [],
    )
    expect(titles.toSorted()).toEqual(['Four', 'One', 'Three', 'Two'])
    expect(conversation.title).toBe(titles.at(-1))
    const last = (await owner.history(conversationId)).length
    for (const person of [owner, member, other]) {
      expect(await toldSequences(world, person, conversationId)).toEqual(range(1, last))
      const changes = (await rowsOf(world, person, conversationId)).filter(
        ({ kind }) => kind === 'CONVERSATION_CHANGED',
      )
      expect(changes).toHaveLength(4)
    }
  })
  expect(await faultsOf(world)).toEqual([])
})
