import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { messageFields } from '../support/documents.js'
import type { MessageShape, Person } from '../support/person.js'
import { World } from '../support/world.js'

interface PageInfo {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly startCursor: string | null
  readonly endCursor: string | null
}
interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: MessageShape }[]
  readonly pageInfo: PageInfo
}
type Window = Page & { readonly anchorMessageId: string | null }

const page = `edges { cursor node { ...MessageFields } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`
const windowDocument = `query ($id: ID!, $around: ID, $size: Int) {
  conversation(id: $id) { messageWindow(around: $around, size: $size) { anchorMessageId ${page} } } } ${messageFields}`
const pageDocument = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  conversation(id: $id) { messages(first: $first, after: $after, last: $last, before: $before) { ${page} } } } ${messageFields}`

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const askWindow = (person: Person, id: string, args: object = {}) =>
  person.ask<{ conversation: { messageWindow: Window | null } }>(windowDocument, { id, ...args })

async function windowOf(person: Person, id: string, args: object = {}): Promise<Window> {
  const { data, errors } = await askWindow(person, id, args)
  if (errors || !data?.conversation.messageWindow) throw new Error(`no window: ${JSON.stringify(errors)}`)
  return data.conversation.messageWindow
}

async function messagesOf(person: Person, id: string, args: object): Promise<Page> {
  const data = await person.must<{ conversation: { messages: Page } }>(pageDocument, { id, ...args })
  return data.conversation.messages
}

const nodes = (of: Page) => of.edges.map(({ node }) => node)
const bodies = (of: Page) => of.edges.map(({ node }) => node.body)

/** What a window must be: the history cut where the anchor is in the middle, as far as there is enough on either side. */
function expected(history: readonly MessageShape[], anchorId: string | null, size: number) {
  const place = anchorId === null ? history.length : history.findIndex(({ id }) => id === anchorId)
  const start = Math.max(0, Math.min(place - Math.floor(size / 2), history.length - size))
  const messages = history.slice(start, start + size)
  return {
    anchorMessageId: anchorId,
    nodes: messages,
    hasPreviousPage: start > 0,
    hasNextPage: start + size < history.length,
  }
}

const found = (window: Window) => ({
  anchorMessageId: window.anchorMessageId,
  nodes: nodes(window),
  hasPreviousPage: window.pageInfo.hasPreviousPage,
  hasNextPage: window.pageInfo.hasNextPage,
})

/** A group that the reader has left and joined again, with SYSTEM messages, tombstones, and some hidden from them. */
async function groupWithGaps() {
  const owner = await world.person('DOCTOR')
  const reader = await world.person('STAFF')
  const conversationId = await world.group(owner, [])
  const say = async (count: number) => {
    const sent: MessageShape[] = []
    for (let index = 0; index < count; index++) sent.push(await owner.send(conversationId, `${index}`))
    return sent
  }
  const unseen = await say(3)
  await owner.mutate('addParticipants', { conversationId, userIds: [reader.id] })
  const first = await say(12)
  await owner.mutate('removeParticipant', { conversationId, userId: reader.id })
  unseen.push(...(await say(5)))
  await owner.mutate('addParticipants', { conversationId, userIds: [reader.id] })
  const second = await say(12)
  const hidden = [first[1], first[6], second[0], second[11]].filter((each) => each !== undefined)
  for (const { id } of hidden) await reader.mutate('deleteMessage', { messageId: id, scope: 'ME' })
  for (const each of [first[3], second[5]])
    await owner.mutate('deleteMessage', { messageId: each?.id, scope: 'EVERYONE' })
  return { owner, reader, conversationId, unseen, hidden }
}

describe('around a message', () => {
  let scene: Awaited<ReturnType<typeof groupWithGaps>>
  let history: Awaited<ReturnType<Person['history']>>
  beforeAll(async () => {
    scene = await groupWithGaps()
    history = await scene.reader.history(scene.conversationId)
    expect(new Set(history.map(({ kind }) => kind))).toEqual(new Set(['TEXT', 'SYSTEM']))
    expect(history.some(({ deletedAt }) => deletedAt !== null)).toBe(true)
  })

  test.each([1, 2, 3, 10, 21, 100])('of every kind, with size %i: what lies around it', async (size) => {
    for (const { id } of history)
      expect(found(await windowOf(scene.reader, scene.conversationId, { around: id, size }))).toEqual(
        expected(history, id, size),
      )
  })

  test('the size is 50 unless told, also where it is null', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    for (let index = 0; index < 60; index++) await patient.send(conversationId, `${index}`)
    const all = await doctor.history(conversationId)
    const around = all[30]?.id ?? ''
    for (const args of [{ around }, { around, size: null }])
      expect(found(await windowOf(doctor, conversationId, args))).toEqual(expected(all, around, 50))
  })

  test('its cursors are those of Conversation.messages, and lead on in both directions', async () => {
    const { reader, conversationId } = scene
    for (const [index, { id }] of history.entries()) {
      const window = await windowOf(reader, conversationId, { around: id, size: 4 })
      expect(window.pageInfo).toMatchObject({
        startCursor: window.edges[0]?.cursor,
        endCursor: window.edges.at(-1)?.cursor,
      })
      const { startCursor: before, endCursor: after } = window.pageInfo
      const earlier = await messagesOf(reader, conversationId, { last: 100, before })
      const later = await messagesOf(reader, conversationId, { first: 100, after })
      expect([...earlier.edges, ...window.edges, ...later.edges].map(({ node }) => node)).toEqual(history)
      expect(window.pageInfo.hasPreviousPage).toBe(earlier.edges.length > 0)
      expect(window.pageInfo.hasNextPage).toBe(later.edges.length > 0)
      // The same place has the same cursor, however it is come by.
      const all = await messagesOf(reader, conversationId, { first: 100 })
      expect(all.edges[index]).toEqual(window.edges.find(({ node }) => node.id === id))
    }
  })

  test('that the viewer may not see, that is elsewhere, or that is none: NOT_FOUND, all alike', async () => {
    const { reader, conversationId, unseen, hidden } = scene
    const other = await world.pair()
    const foreign = await other.patient.send(other.conversationId, 'Not for you.')
    const own = await world.group(await world.person('DOCTOR'), [reader])
    const elsewhere = (await reader.history(own))[0]?.id ?? conversationId
    const wrong = [...unseen.map(({ id }) => id), ...hidden.map(({ id }) => id), foreign.id, elsewhere]
    for (const around of [...wrong, conversationId, reader.id, '', 'x', '\0']) {
      expect(await askWindow(reader, conversationId, { around })).toEqual({
        status: 200,
        data: { conversation: { messageWindow: null } },
        errors: [
          {
            message: 'There is no such thing, or you may not see it.',
            path: ['conversation', 'messageWindow'],
            locations: [{ line: 2, column: 27 }],
            extensions: { code: 'NOT_FOUND' },
          },
        ],
      })
    }
  })

  test('a wrong size is INVALID_INPUT, whatever it is around', async () => {
    for (const size of [0, -1, 101, 2 ** 31 - 1]) {
      for (const around of [null, history[0]?.id, 'x']) {
        expect(await askWindow(scene.reader, scene.conversationId, { around, size })).toMatchObject({
          data: { conversation: { messageWindow: null } },
          errors: [{ message: 'size: Ask for 1 to 100.', extensions: { code: 'INVALID_INPUT' } }],
        })
      }
    }
  })

  test('for who has left: what they could see, around any of it', async () => {
    const { owner, reader, conversationId } = await groupWithGaps()
    await owner.mutate('removeParticipant', { conversationId, userId: reader.id })
    const after = await owner.send(conversationId, 'Without them.')
    const seen = await reader.history(conversationId)
    for (const { id } of seen)
      expect(found(await windowOf(reader, conversationId, { around: id, size: 5 }))).toEqual(
        expected(seen, id, 5),
      )
    expect(await askWindow(reader, conversationId, { around: after.id })).toMatchObject({
      errors: [{ extensions: { code: 'NOT_FOUND' } }],
    })
  })
})

describe('around what is unread', () => {
  const markRead = (person: Person, conversationId: string, upToMessageId: string | undefined) =>
    person.mutate('markRead', { conversationId, upToMessageId })

  test('in an empty conversation there is nothing', async () => {
    const { doctor, conversationId } = await world.pair()
    expect(await windowOf(doctor, conversationId)).toEqual({
      anchorMessageId: null,
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    })
  })

  test('the first unread message is the anchor; with nothing unread it is the newest end, without one', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    for (let index = 0; index < 20; index++) await patient.send(conversationId, `${index}`)
    const history = await doctor.history(conversationId)
    const first = async (size: number) => found(await windowOf(doctor, conversationId, { size }))
    expect(await first(6)).toEqual(expected(history, history[0]?.id ?? '', 6))
    for (const read of [0, 9, 17, 18]) {
      await markRead(doctor, conversationId, history[read]?.id)
      expect(await first(6)).toEqual(expected(history, history[read + 1]?.id ?? '', 6))
    }
    await markRead(doctor, conversationId, history[19]?.id)
    expect(await first(6)).toEqual(expected(history, null, 6))
    expect(await first(100)).toEqual(expected(history, null, 100))
    // For the other person, who said it all, nothing was ever unread.
    expect(found(await windowOf(patient, conversationId, { size: 6 }))).toMatchObject({
      anchorMessageId: null,
      hasPreviousPage: true,
      hasNextPage: false,
    })
  })

  test('what does not count as unread is no anchor: own, SYSTEM, hidden and deleted messages', async () => {
    const owner = await world.person('DOCTOR')
    const reader = await world.person('STAFF')
    const conversationId = await world.group(owner, [reader])
    const member = await world.person('CAREGIVER')
    await owner.mutate('addParticipants', { conversationId, userIds: [member.id] })
    await reader.send(conversationId, 'own')
    const hidden = await owner.send(conversationId, 'hidden')
    const deleted = await owner.send(conversationId, 'deleted')
    await reader.mutate('deleteMessage', { messageId: hidden.id, scope: 'ME' })
    await owner.mutate('deleteMessage', { messageId: deleted.id, scope: 'EVERYONE' })
    const none = await windowOf(reader, conversationId)
    expect([none.anchorMessageId, bodies(none)]).toEqual([null, [null, 'own', null]])
    const unread = await owner.send(conversationId, 'unread')
    await owner.send(conversationId, 'unread, too')
    const window = await windowOf(reader, conversationId, { size: 3 })
    expect([window.anchorMessageId, bodies(window)]).toEqual([unread.id, [null, 'unread', 'unread, too']])
  })

  test('what is unread in a former stay is found there', async () => {
    const { reader, conversationId } = await groupWithGaps()
    const history = await reader.history(conversationId)
    const unread = history.filter(({ kind, deletedAt }) => kind === 'TEXT' && deletedAt === null)
    for (const [index, { id }] of unread.entries()) {
      const next = unread[index + 1]?.id ?? null
      await markRead(reader, conversationId, id)
      expect(found(await windowOf(reader, conversationId, { size: 7 }))).toEqual(expected(history, next, 7))
    }
  })

  test('an id of null is none', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const { id } = await patient.send(conversationId, 'one')
    expect((await windowOf(doctor, conversationId, { around: null })).anchorMessageId).toBe(id)
  })
})
