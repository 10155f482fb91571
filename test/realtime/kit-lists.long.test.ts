import { gql } from '@apollo/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ListDocument, MoreConversationsDocument } from '../../examples/generated/graphql.js'
import { openApolloDevice, openDevice } from '../support/kit-device.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

/** More than a device fetches at first. */
const many = 30

/** A doctor's groups, oldest first, of which these (by their number) are unread for another one. */
async function groupsOf(
  unread: readonly number[],
): Promise<{ owner: Person; member: Person; ids: string[] }> {
  const [owner, member] = [await world.person('DOCTOR'), await world.person('DOCTOR')]
  const ids: string[] = []
  for (let number = 0; number < many; number++) {
    const id = await world.group(owner, [member], undefined, `Group ${number}`)
    ids.push(id)
    const { id: upToMessageId } = await owner.send(id, `in ${number}`)
    if (!unread.includes(number)) await member.mutate('markRead', { conversationId: id, upToMessageId })
  }
  return { owner, member, ids }
}

const countOf = async (person: Person) => {
  const { viewer } = await person.must<{ viewer: { unreadConversationCount: number } }>(
    '{ viewer { unreadConversationCount } }',
  )
  return viewer.unreadConversationCount
}

/** What two devices of the member's count, and what the server does. */
async function twoDevices(member: Person) {
  const { kit, network } = await openDevice(member)
  const { apollo, network: apolloNetwork } = await openApolloDevice(member)
  const { client } = apollo
  const countDocument = gql`{ viewer { unreadConversationCount } }`
  const counts = () => [
    kit.copy.viewer.unreadConversationCount,
    client.readQuery<{ viewer: { unreadConversationCount: number } }>({ query: countDocument })?.viewer
      .unreadConversationCount,
  ]
  const agree = async (count: number) => {
    expect(await countOf(member)).toBe(count)
    await expect.poll(counts).toEqual([count, count])
  }
  const close = () => Promise.all([kit.close(), apollo.session.close()])
  const networks = [network, apolloNetwork]
  return { kit, client, networks, agree, close }
}

test('the unread conversations are counted on every device, however old they are', async () => {
  const { owner, member, ids } = await groupsOf([0, 2, 29])
  const [oldest = '', second = '', third = ''] = ids
  const { networks, agree, close } = await twoDevices(member)
  await agree(3)
  const { id } = (await owner.history(oldest)).at(-1) ?? { id: '' }
  await member.mutate('markRead', { conversationId: oldest, upToMessageId: id })
  await agree(2)
  // Neither of these was fetched at first.
  await member.mutate('markUnread', { conversationId: second })
  await agree(3)
  await owner.send(second, 'counted already')
  await agree(3)
  await member.mutate('archiveConversation', { conversationId: third })
  await agree(2)
  await member.mutate('muteConversation', { conversationId: third, until: '2999-01-01T00:00:00.000Z' })
  await owner.send(third, 'stays where it is')
  await agree(2)
  await owner.send(third, 'comes back', { mentionIds: [member.id] })
  await agree(3)
  expect(networks.map((network) => network.asked.filter((name) => name !== 'MarkDelivered'))).toEqual([
    ['Start', 'Updates'],
    ['Start', 'Updates'],
  ])
  await close()
})

test('more unread conversations than a page holds are fetched all', async () => {
  const [owner, member] = [await world.person('DOCTOR'), await world.person('DOCTOR')]
  for (let number = 0; number < 103; number++) {
    const id = await world.group(owner, [member], undefined, `Group ${number}`)
    await owner.send(id, 'unread')
  }
  const { agree, close, networks } = await twoDevices(member)
  await agree(103)
  expect(networks.map((network) => network.count('MoreConversations'))).toEqual([1, 1])
  await close()
})

test('what is archived leaves the list, stands in the archive, and comes back with what is said', async () => {
  const { owner, member, ids } = await groupsOf([])
  const [last = '', before = ''] = ids.slice().reverse()
  const { kit, client, close } = await twoDevices(member)
  const shown = () => {
    const list = (filter?: { archived: boolean }) =>
      client
        .readQuery({ query: ListDocument, variables: filter ? { filter } : {} })
        ?.conversations?.edges.map(({ node }) => node.id)
    return {
      kit: kit.copy.conversations.map(({ fields }) => fields.id),
      kitArchive: kit.copy.archived.map(({ fields }) => fields.id),
      apollo: list(),
      apolloArchive: list({ archived: true }),
    }
  }
  const newestFirst = ids.slice(5).reverse()
  const becomes = (listed: readonly string[], archived: readonly string[]) =>
    expect.poll(shown).toEqual({ kit: listed, kitArchive: archived, apollo: listed, apolloArchive: archived })
  await becomes(newestFirst, [])
  await kit.archive(last)
  await kit.archive(before)
  await becomes(newestFirst.slice(2), [last, before])
  await kit.unarchive(last)
  await becomes([last, ...newestFirst.slice(2)], [before])
  await owner.send(before, 'are you there?')
  await becomes([before, last, ...newestFirst.slice(2)], [])

  // And on from where the page ended, whatever was archived since.
  await kit.archive(last)
  await kit.loadMoreConversations()
  const { data } = await client.query({ query: ListDocument })
  const after = data?.conversations?.pageInfo.endCursor ?? ''
  await client.query({ query: MoreConversationsDocument, variables: { after }, fetchPolicy: 'network-only' })
  await becomes([before, ...newestFirst.slice(2), ...ids.slice(0, 5).reverse()], [last])
  expect(kit.copy.hasMore).toBe(false)
  await close()
})
