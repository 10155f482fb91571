import { ApolloClient, HttpLink, type OperationVariables, type TypedDocumentNode } from '@apollo/client'
import { parse } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCache } from '../../examples/apollo/cache.js'
import {
  AcknowledgeMessageDocument,
  AddReactionDocument,
  ArchiveConversationDocument,
  DeleteMessageDocument,
  ListDocument,
  MarkReadDocument,
  MarkUnreadDocument,
  MuteConversationDocument,
  OpenConversationDocument,
  PinMessageDocument,
  RemoveReactionDocument,
  StartDocument,
  UnarchiveConversationDocument,
  UnpinMessageDocument,
  UpdateGroupDocument,
} from '../../examples/generated/graphql.js'
import { openApolloDevice } from '../support/kit-device.js'
import { Network } from '../support/kit-network.js'
import type { Person } from '../support/person.js'
import { token, World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

/** Somebody's stock Apollo Client with the kit's cache: nothing but what it asks for itself comes into it. */
async function stockClient(person: Person, network: Network): Promise<ApolloClient> {
  const headers = { authorization: `Bearer ${await token(person.externalId)}` }
  const link = new HttpLink({ uri: world.url(), fetch: network.fetch, headers })
  return new ApolloClient({ cache: createCache(), link })
}

/** What is compared: cursors differ with where an edge came from, and how far others' messages have come is told to them. */
function comparable(data: unknown): unknown {
  const left = [
    'cursor',
    'startCursor',
    'endCursor',
    'updateCursor',
    'deliveryState',
    'lastDeliveredSequence',
  ]
  return JSON.parse(
    JSON.stringify(data, function (this: { __typename?: string }, key, value) {
      const isPosition = this.__typename === 'Participant' && key === 'lastReadSequence'
      return left.includes(key) || isPosition ? undefined : value
    }),
  )
}

/** What the screens of a client show: the lists, and what is open. */
class Watched {
  private readonly shown = new Map<string, unknown>()
  private readonly stops: (() => void)[] = []

  constructor(client: ApolloClient, conversationIds: readonly string[]) {
    const watch = <Data, Variables extends OperationVariables>(
      name: string,
      query: TypedDocumentNode<Data, Variables>,
      variables: Variables,
    ) => {
      const watching = client
        .watchQuery<Data, OperationVariables>({ query, variables })
        .subscribe((result) => {
          if (!result.loading) this.shown.set(name, comparable(result.data))
        })
      this.stops.push(() => watching.unsubscribe())
    }
    watch('list', ListDocument, {})
    for (const [name, filter] of Object.entries(filters)) watch(name, ListDocument, { filter })
    for (const id of conversationIds) watch(id, OpenConversationDocument, { id })
  }

  get screens(): object {
    return Object.fromEntries(this.shown)
  }

  stop(): void {
    for (const stop of this.stops) stop()
  }
}

const filters = {
  archive: { archived: true },
  unread: { unreadOnly: true },
  groups: { kind: 'GROUP' },
} as const

/** All of it at once. Alone it is no whole document: its fragments are those of the kit's. */
const everything = parse(/* invalid */ `query ($direct: ID!, $group: ID!) {
  viewer { id unreadCount unreadConversationCount }
  list: conversations(first: 25) { ...ListPage }
  archive: conversations(first: 25, filter: { archived: true }) { ...ListPage }
  unread: conversations(first: 25, filter: { unreadOnly: true }) { ...ListPage }
  groups: conversations(first: 25, filter: { kind: GROUP }) { ...ListPage }
  direct: conversation(id: $direct) { ...ConversationFields ...FirstPage }
  group: conversation(id: $group) { ...ConversationFields ...FirstPage }
}`)
const fragments = [ListDocument, OpenConversationDocument]
  .flatMap(({ definitions }) => definitions)
  .filter((definition) => definition.kind === 'FragmentDefinition')
const byName = new Map(fragments.map((fragment) => [fragment.name.value, fragment]))
const freshDocument = { ...everything, definitions: [...everything.definitions, ...byName.values()] }

/** The same, fetched now. */
async function freshScreens(client: ApolloClient, [direct = '', group = '']: readonly string[]) {
  const { data } = await client.query<Record<string, unknown>, OperationVariables>({
    query: freshDocument,
    variables: { direct, group },
    fetchPolicy: 'no-cache',
  })
  const __typename = 'Query'
  const lists = ['list', ...Object.keys(filters)].map((name) => {
    return [name, { __typename, viewer: data?.viewer, conversations: data?.[name] }] as const
  })
  return comparable({
    ...Object.fromEntries(lists),
    [direct]: { __typename, conversation: data?.direct },
    [group]: { __typename, conversation: data?.group },
  })
}

test('a mutation’s payload alone, and an update alone, leave all that is watched right', async () => {
  const { patient, doctor, conversationId: direct } = await world.pair()
  const group = await world.group(doctor, [patient], patient)
  const conversationIds = [direct, group]
  const first = await patient.send(direct, 'first')
  const second = await doctor.send(direct, 'second')
  const urgent = await patient.send(direct, 'urgent', { priority: 'URGENT', mentionIds: [doctor.id] })
  const grouped = await patient.send(group, 'in the group')

  const other = await openApolloDevice(doctor)
  const network = new Network()
  const client = await stockClient(doctor, network)
  await client.query({ query: StartDocument })
  const [here, there] = [client, other.apollo.client].map((each) => new Watched(each, conversationIds))
  if (!here || !there) throw new Error('two devices')
  const asking = await stockClient(doctor, new Network())
  const areRight = async (...watched: readonly Watched[]) => {
    const due = await freshScreens(asking, conversationIds)
    for (const each of watched) await expect.poll(() => each.screens, { interval: 10 }).toEqual(due)
  }
  await areRight(here, there)
  const asked = [network, other.network].map((each) => each.asked.filter((name) => name !== 'MarkDelivered'))

  const mutated: string[] = []
  const mutate = async <Data, Input>(mutation: TypedDocumentNode<Data, { input: Input }>, input: Input) => {
    const { data } = await client.mutate<Data, OperationVariables>({ mutation, variables: { input } })
    const [, result] = Object.entries(data ?? {}).find(([name]) => name !== '__typename') ?? []
    expect(result).toMatchObject({ __typename: expect.stringMatching(/Payload$/) })
    mutated.push(JSON.stringify(input))
    await areRight(here, there)
  }
  const messageId = first.id
  const inDirect = { conversationId: direct }
  await mutate(AddReactionDocument, { messageId, emoji: '❤️' })
  await mutate(AddReactionDocument, { messageId, emoji: '👍' })
  await mutate(RemoveReactionDocument, { messageId, emoji: '❤️' })
  await mutate(PinMessageDocument, { messageId })
  await mutate(PinMessageDocument, { messageId: urgent.id })
  await mutate(PinMessageDocument, { messageId: second.id })
  await mutate(UnpinMessageDocument, { messageId })
  await mutate(PinMessageDocument, { messageId })
  await mutate(AcknowledgeMessageDocument, { messageId: urgent.id })
  await mutate(ArchiveConversationDocument, inDirect)
  await mutate(MarkUnreadDocument, inDirect)
  await mutate(UnarchiveConversationDocument, inDirect)
  await mutate(MarkReadDocument, { ...inDirect, upToMessageId: urgent.id })
  await mutate(MarkUnreadDocument, inDirect)
  await mutate(MarkReadDocument, { ...inDirect, upToMessageId: urgent.id })
  await mutate(MuteConversationDocument, { ...inDirect, until: '2999-01-01T00:00:00.000Z' })
  await mutate(MuteConversationDocument, { ...inDirect, until: null })
  await mutate(ArchiveConversationDocument, { conversationId: group })
  await mutate(PinMessageDocument, { messageId: grouped.id })
  // A pinned message that is deleted is a pin no more.
  await mutate(DeleteMessageDocument, { messageId: second.id, scope: 'EVERYONE' })

  // Nothing was asked but the mutations.
  expect(network.asked).toHaveLength((asked[0]?.length ?? 0) + mutated.length)
  expect(other.network.asked.filter((name) => name !== 'MarkDelivered')).toEqual(asked[1])
  here.stop()

  // What others do, what is hidden, and what brings a conversation back out of the archive, comes with the stream alone.
  await patient.mutate('addReaction', { messageId: second.id, emoji: '🙏' })
  await patient.mutate('addReaction', { messageId, emoji: '🙏' })
  await patient.mutate('unpinMessage', { messageId: urgent.id })
  await areRight(there)
  await patient.mutate('pinMessage', { messageId: urgent.id })
  await doctor.mutate('deleteMessage', { messageId: urgent.id, scope: 'ME' })
  await areRight(there)
  await patient.send(group, 'back from the archive')
  await areRight(there)
  const renamed = await asking.mutate({
    mutation: UpdateGroupDocument,
    variables: { input: { conversationId: group, title: 'Another name' } },
  })
  expect(renamed.data?.updateGroup).toMatchObject({ conversation: { title: 'Another name' } })
  await areRight(there)
  expect(other.network.asked.filter((name) => name !== 'MarkDelivered')).toEqual(asked[1])
  there.stop()
  await other.apollo.session.close()
})
