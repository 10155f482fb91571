import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { invalidAt, notFound } from '../support/outcomes.js'
import type { Person } from '../support/person.js'
import { countRows } from '../support/rows.js'
import { World } from '../support/world.js'

let world: World
let patient: Person
let doctor: Person
let stranger: Person
let conversationId: string
let otherConversationId: string
let otherMessageId: string

beforeAll(async () => {
  world = await World.start()
  const pair = await world.pair()
  patient = pair.patient
  doctor = pair.doctor
  conversationId = pair.conversationId
  await patient.send(conversationId, 'One.')
  await patient.send(conversationId, 'Two.')
  const other = await world.pair()
  stranger = other.patient
  otherConversationId = other.conversationId
  otherMessageId = (await stranger.send(otherConversationId, 'Not for you.')).id
})
afterAll(() => world[Symbol.asyncDispose]())

const globalId = (type: string, id: string) => Buffer.from(`${type}:${id}`).toString('base64url')

/** Ids that name nothing, or nothing of that type. The foreign ones exist, but not for this viewer. */
function wrongIds(type: 'Conversation' | 'Message' | 'User'): string[] {
  const foreign = { Conversation: otherConversationId, Message: otherMessageId, User: stranger.id }[type]
  const elsewhere = { Conversation: doctor.id, Message: conversationId, User: conversationId }[type]
  const exact = globalId(type, randomUUID())
  return [
    '',
    ' ',
    '0',
    'null',
    '\0',
    '\ud83d',
    'x'.repeat(5000),
    randomUUID(),
    exact,
    `${exact}=`,
    ` ${exact}`,
    globalId(type, 'not-a-uuid'),
    globalId(type, '00000000-0000-0000-0000-000000000000'),
    globalId('Nothing', randomUUID()),
    globalId('__proto__', randomUUID()),
    elsewhere,
    foreign,
  ]
}

describe('an id that names nothing the viewer may see', () => {
  test('is NOT_FOUND in every verb, and writes nothing', async () => {
    const before = await countRows(world)
    const attempts: [string, Record<string, unknown>][] = [
      ...wrongIds('User').flatMap((userId): [string, Record<string, unknown>][] => [
        ['openConversation', { userId }],
        ['blockUser', { userId }],
        ['unblockUser', { userId }],
        ['createGroup', { title: 'A team', participantIds: [userId] }],
        ['createGroup', { title: 'A team', participantIds: [], patientId: userId }],
        ['removeParticipant', { conversationId, userId }],
        ['setParticipantRole', { conversationId, userId, role: 'OWNER' }],
      ]),
      ...wrongIds('Conversation').flatMap((id): [string, Record<string, unknown>][] => [
        ['closeConversation', { conversationId: id }],
        ['reopenConversation', { conversationId: id }],
        ['addParticipants', { conversationId: id, userIds: [doctor.id] }],
        ['removeParticipant', { conversationId: id, userId: doctor.id }],
        ['sendMessage', { conversationId: id, clientMessageId: randomUUID(), body: 'Hello.' }],
      ]),
      ...wrongIds('Message').flatMap((id): [string, Record<string, unknown>][] => [
        ['editMessage', { messageId: id, body: 'Changed.' }],
        ['deleteMessage', { messageId: id, scope: 'ME' }],
        ['deleteMessage', { messageId: id, scope: 'EVERYONE' }],
        ['markRead', { conversationId, upToMessageId: id }],
        ['sendMessage', { conversationId, clientMessageId: randomUUID(), body: 'Hello.', replyToId: id }],
        [
          'sendMessage',
          { conversationId, clientMessageId: randomUUID(), body: 'Hello.', readUpToMessageId: id },
        ],
      ]),
    ]
    const wrong: unknown[] = []
    for (const [verb, input] of attempts) {
      const result = await doctor.mutate(verb, input)
      if (JSON.stringify(result) !== JSON.stringify(notFound)) wrong.push([verb, input, result])
    }
    expect(wrong).toEqual([])
    expect(await countRows(world)).toEqual(before)
  })

  test('is null in a query, without an error', async () => {
    const ids = [...wrongIds('User'), ...wrongIds('Conversation').slice(-1), ...wrongIds('Message').slice(-1)]
    const foreign = ids.filter((id) => id !== conversationId)
    const { nodes } = await doctor.must<{ nodes: unknown[] }>(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
      {
        ids: foreign,
      },
    )
    expect(nodes).toEqual(foreign.map(() => null))
    for (const id of wrongIds('Conversation')) {
      expect(
        await doctor.ask(
          'query ($id: ID!) { conversation(id: $id) { id } viewer { conversation(withUserId: $id) { id } } }',
          { id },
        ),
      ).toEqual({ status: 200, data: { conversation: null, viewer: { conversation: null } } })
    }
    for (const externalId of ['', '\0', 'a\0b', '\ud83d', 'x'.repeat(9999), stranger.externalId]) {
      expect(
        await doctor.ask('query ($id: String!) { user(externalId: $id) { id } }', { id: externalId }),
      ).toEqual({ status: 200, data: { user: null } })
      expect(await doctor.mutate('openConversation', { externalUserId: externalId })).toEqual(notFound)
    }
  })
})

describe('paging', () => {
  const connections = {
    conversations: (args: string) => `{ field: conversations${args} { edges { cursor } } }`,
    contacts: (args: string) => `{ field: contacts${args} { edges { cursor } } }`,
    messages: (args: string) =>
      `{ conversation(id: "${conversationId}") { field: messages${args} { edges { cursor } } } }`,
    blockedUsers: (args: string) => `{ viewer { field: blockedUsers${args} { edges { cursor } } } }`,
    participants: (args: string) =>
      `{ conversation(id: "${conversationId}") { field: participants${args} { edges { cursor } } } }`,
    updates: (args: string) => `{ field: updates${args} { endCursor } }`,
  }
  const wrongSizes = ['first: 0', 'first: -1', 'first: 101', 'first: 1000000000']
  const wrongBothWays = ['last: 0', 'last: -1', 'last: 1000000000', 'first: 1, last: 1', 'after: null']

  async function refusedAlone(document: string): Promise<void> {
    const answer = await doctor.ask<Record<string, unknown>>(document)
    expect([answer.status, answer.errors?.map((error) => error.extensions.code)], document).toEqual([
      200,
      ['INVALID_INPUT'],
    ])
    expect(answer.errors?.[0]?.path?.at(-1)).toBe('field')
    const parent = answer.data?.conversation ?? answer.data?.viewer ?? answer.data
    expect(parent).toEqual({ field: null })
  }

  test.each(['conversations', 'contacts', 'messages', 'blockedUsers'] as const)(
    '%s of a wrong size, or both, or neither',
    async (name) => {
      for (const size of [...wrongSizes, ...wrongBothWays]) await refusedAlone(connections[name](`(${size})`))
    },
  )

  test('participants and updates of a wrong size', async () => {
    const { viewer } = await doctor.must<{ viewer: { updateCursor: string } }>('{ viewer { updateCursor } }')
    for (const size of wrongSizes) {
      await refusedAlone(connections.participants(`(${size})`))
      await refusedAlone(connections.updates(`(after: "${viewer.updateCursor}", ${size})`))
    }
  })

  test('cursors that are forged, or of another list or person', async () => {
    const page = await doctor.must<{
      conversations: { edges: { cursor: string }[] }
      conversation: { messages: { edges: { cursor: string }[] } }
      viewer: { updateCursor: string }
    }>(
      'query ($id: ID!) { viewer { updateCursor } conversations(first: 1) { edges { cursor } } conversation(id: $id) { messages(first: 1) { edges { cursor } } } }',
      { id: conversationId },
    )
    const ofConversations = page.conversations.edges[0]?.cursor ?? ''
    const ofMessages = page.conversation.messages.edges[0]?.cursor ?? ''
    const ofUpdates = page.viewer.updateCursor
    const theirs = await stranger.must<{ viewer: { updateCursor: string } }>('{ viewer { updateCursor } }')
    const cursors = { conversations: ofConversations, messages: ofMessages, updates: ofUpdates }
    const forged = Buffer.from(ofUpdates, 'base64url')
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    const never = ['', ' ', '\\u0000', 'x'.repeat(3000), forged.toString('base64url'), `${ofUpdates}A`]
    for (const name of ['conversations', 'contacts', 'messages', 'blockedUsers', 'participants'] as const) {
      const others = Object.entries(cursors).filter(([of]) => of !== name)
      for (const cursor of [...never, theirs.viewer.updateCursor, ...others.map(([, value]) => value)])
        await refusedAlone(connections[name](`(first: 1, after: "${cursor}")`))
    }
    for (const cursor of [...never, theirs.viewer.updateCursor, ofConversations, ofMessages]) {
      await refusedAlone(connections.updates(`(after: "${cursor}")`))
      const upToCursor: string = JSON.parse(`"${cursor}"`)
      expect(await doctor.mutate('markDelivered', { upToCursor })).toEqual(invalidAt('upToCursor'))
    }
  })

  test('a cursor of before a restore is stale, one that was not reached is refused', async () => {
    const { viewer } = await doctor.must<{ viewer: { updateCursor: string } }>('{ viewer { updateCursor } }')
    const { rowId } = doctor
    await world.sql('UPDATE user_streams SET position = position - 1 WHERE user_id = $1::uuid', [rowId])
    const ahead = await doctor.mutate('markDelivered', { upToCursor: viewer.updateCursor })
    await world.sql('UPDATE user_streams SET position = position + 1 WHERE user_id = $1::uuid', [rowId])
    expect(ahead).toEqual(invalidAt('upToCursor'))
    await world.sql('UPDATE deployment SET epoch = epoch + 1')
    expect(await doctor.mutate('markDelivered', { upToCursor: viewer.updateCursor })).toEqual(
      invalidAt('upToCursor'),
    )
  })
})
