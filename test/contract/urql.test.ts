import { randomUUID } from 'node:crypto'
import type { AnyVariables, Client, OperationResult, TypedDocumentNode } from '@urql/core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, type MockInstance, test, vi } from 'vitest'
import {
  UrqlConversationsDocument,
  UrqlMarkReadDocument,
  UrqlMessagesDocument,
  type UrqlMessagesQuery,
  UrqlSendDocument,
  UrqlUpdatesDocument,
} from '../generated/graphql.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'
import { type UrqlClient, urqlFor } from './urql-client.js'

// A stock client with a normalised cache: what it is told of once is right wherever it is shown.

let world: World
let doctor: Person
let patient: Person
let conversationId: string
let urql: UrqlClient
let spies: MockInstance[]
const watches: (() => void)[] = []

beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})
beforeEach(async () => {
  spies = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')]
  const pair = await world.pair()
  doctor = pair.doctor
  patient = pair.patient
  conversationId = pair.conversationId
  for (let index = 0; index < 7; index++) await patient.send(conversationId, `Message ${index}`)
  urql = await urqlFor(doctor)
})
afterEach(async () => {
  for (const stop of watches.splice(0)) stop()
  await doctor.close()
  expect(spies.flatMap((spy) => spy.mock.calls)).toEqual([])
  for (const spy of spies) spy.mockRestore()
})

/** A query that is on the screen: what it shows now. */
function watch<Data, Variables extends AnyVariables>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): () => Data | undefined {
  let shown: OperationResult<Data, Variables> | undefined
  const { unsubscribe } = client.query(document, variables).subscribe((result) => {
    shown = result
  })
  watches.push(unsubscribe)
  return () => {
    if (shown?.error) throw shown.error
    return shown?.data
  }
}

const edgesOf = (data: UrqlMessagesQuery | undefined) => data?.conversation?.messages?.edges ?? []
const bodiesOf = (data: UrqlMessagesQuery | undefined) => edgesOf(data).map(({ node }) => node.body)

/** The list and the newest messages, as a messenger has them side by side; the cache answers from then on. */
async function screen() {
  const list = watch(urql.client, UrqlConversationsDocument, { first: 20 })
  const messages = watch(urql.client, UrqlMessagesDocument, { id: conversationId, last: 5 })
  await expect.poll(() => [list()?.conversations?.edges.length, edgesOf(messages()).length]).toEqual([1, 5])
  return { list, messages, conversation: () => list()?.conversations?.edges[0]?.node }
}

/** Follows the update stream, as the screen does all the while. */
async function live(): Promise<void> {
  let isLive = false
  const { unsubscribe } = urql.client.subscription(UrqlUpdatesDocument, {}).subscribe(({ data, error }) => {
    if (error) throw error
    if (data?.updates.change?.__typename === 'CaughtUp') isLive = true
  })
  watches.push(unsubscribe)
  await expect.poll(() => isLive).toBe(true)
}

test('pages of messages backward, and of conversations forward, are put together to one list', async () => {
  for (let index = 0; index < 4; index++) {
    const other = await world.person('PATIENT')
    await world.appointment(other, doctor)
    await other.send(await other.open(doctor), `I am number ${index}.`)
  }
  const all = await doctor.history(conversationId)
  let before: string | null | undefined
  for (const seen of [3, 6, 7]) {
    const { data, error } = await urql.client.query(UrqlMessagesDocument, {
      id: conversationId,
      last: 3,
      before,
    })
    expect(error).toBeUndefined()
    expect(edgesOf(data).map(({ node }) => node.id)).toEqual(all.slice(-seen).map(({ id }) => id))
    expect(data?.conversation?.messages?.pageInfo.hasPreviousPage).toBe(seen < 7)
    before = data?.conversation?.messages?.pageInfo.startCursor
  }
  const found: string[] = []
  let after: string | null | undefined
  for (const seen of [2, 4, 5]) {
    const { data, error } = await urql.client.query(UrqlConversationsDocument, { first: 2, after })
    expect(error).toBeUndefined()
    found.splice(0, found.length, ...(data?.conversations?.edges ?? []).map(({ node }) => node.id))
    expect([found.length, data?.conversations?.pageInfo.hasNextPage]).toEqual([seen, seen < 5])
    after = data?.conversations?.pageInfo.endCursor
  }
  expect(new Set(found).size).toBe(5)
  // What is kept is not asked for again.
  const requests = urql.requests()
  const again = await urql.client.query(UrqlMessagesDocument, { id: conversationId, last: 3 })
  expect([edgesOf(again.data).length, urql.requests()]).toEqual([7, requests])
  expect(urql.warnings).toEqual([])
})

test('a send is seen at once in the messages and in the list, without asking again', async () => {
  const { messages, conversation } = await screen()
  const requests = urql.requests()
  const input = { conversationId, clientMessageId: randomUUID(), body: 'Take it with food.' }
  const { data, error } = await urql.client.mutation(UrqlSendDocument, { input })
  expect([error, data?.sendMessage.__typename]).toEqual([undefined, 'SendMessagePayload'])
  await expect.poll(() => bodiesOf(messages()).at(-1)).toBe('Take it with food.')
  expect(bodiesOf(messages())).toHaveLength(6)
  expect(conversation()).toMatchObject({ unreadCount: 7, lastMessage: { body: 'Take it with food.' } })
  expect(urql.requests()).toBe(requests + 1)

  // The same once more is the same: nothing is shown twice.
  await urql.client.mutation(UrqlSendDocument, { input })
  expect(bodiesOf(messages())).toHaveLength(6)
  expect(urql.warnings).toEqual([])
})

test('counters follow a mutation wherever they are shown', async () => {
  const { list, messages, conversation } = await screen()
  expect([conversation()?.unreadCount, list()?.viewer.unreadCount]).toEqual([7, 7])
  const upToMessageId = edgesOf(messages()).at(-1)?.node.id ?? ''
  await urql.client.mutation(UrqlMarkReadDocument, { input: { conversationId, upToMessageId } })
  await expect.poll(() => conversation()?.unreadCount).toBe(0)
  expect(list()?.viewer).toMatchObject({ unreadCount: 0, unreadConversationCount: 0 })
  expect(urql.warnings).toEqual([])
})

test('what others say, change and take back arrives by the update stream, without asking again', async () => {
  const { messages, conversation } = await screen()
  await live()
  const requests = urql.requests()
  const said = await patient.send(conversationId, 'It huts.')
  await expect.poll(() => bodiesOf(messages()).at(-1)).toBe('It huts.')
  expect(bodiesOf(messages())).toHaveLength(6)
  expect(conversation()).toMatchObject({ unreadCount: 8, lastMessage: { id: said.id, body: 'It huts.' } })

  await patient.mutate('editMessage', { messageId: said.id, body: 'It hurts.' })
  await expect.poll(() => bodiesOf(messages()).at(-1)).toBe('It hurts.')
  expect(conversation()?.lastMessage?.body).toBe('It hurts.')

  await patient.mutate('deleteMessage', { messageId: said.id, scope: 'EVERYONE' })
  await expect.poll(() => bodiesOf(messages()).at(-1)).toBeNull()
  expect(conversation()).toMatchObject({
    unreadCount: 7,
    lastMessage: { id: said.id, deletedAt: expect.any(String) },
  })
  expect(urql.requests()).toBe(requests)
  expect(urql.warnings).toEqual([])
})

test('one’s own message, which comes with the answer and with the update, is shown once', async () => {
  const { messages } = await screen()
  await live()
  const input = { conversationId, clientMessageId: randomUUID(), body: 'Does it still hurt?' }
  await urql.client.mutation(UrqlSendDocument, { input })
  // When the answer to it is there, so is the update of what was said before.
  await patient.send(conversationId, 'Less than before.')
  await expect.poll(() => bodiesOf(messages()).slice(5)).toEqual(['Does it still hurt?', 'Less than before.'])
  expect(urql.warnings).toEqual([])
})

test('a cache that is not told which types have no id complains: the silence above says something', async () => {
  const document = 'query ($id: ID!) { conversation(id: $id) { id messageWindow { anchorMessageId } } }'
  const told = await urql.client.query(document, { id: conversationId })
  expect([told.error, urql.warnings]).toEqual([undefined, []])
  const untold = await urqlFor(doctor, { isKeyed: false })
  const { data } = await untold.client.query(document, { id: conversationId })
  expect(data).toEqual(told.data)
  expect(untold.warnings).toEqual([expect.stringContaining('no key could be generated')])
})
