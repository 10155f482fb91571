import { gql } from '@apollo/client'
import { expect, test } from 'vitest'
import { createCache } from '../../examples/apollo/cache.js'

const first = gql`
  query ($id: ID!, $last: Int!) {
    conversation(id: $id) {
      id
      messages(last: $last) {
        edges { cursor node { id sequence } }
        pageInfo { hasPreviousPage startCursor }
      }
    }
  }
`
const older = gql`
  query ($id: ID!, $before: String!) {
    conversation(id: $id) {
      id
      messages(last: 2, before: $before) {
        edges { cursor node { id sequence } }
        pageInfo { hasPreviousPage startCursor }
      }
    }
  }
`

const conversation = (from: number, to: number) => ({
  conversation: {
    __typename: 'Conversation',
    id: 'here',
    messages: {
      __typename: 'ConversationMessageConnection',
      edges: Array.from({ length: to - from + 1 }, (_, index) => ({
        __typename: 'MessageEdge',
        cursor: `at ${from + index}`,
        node: { __typename: 'Message', id: `${from + index}`, sequence: from + index },
      })),
      pageInfo: { __typename: 'PageInfo', hasPreviousPage: from > 1, startCursor: `at ${from}` },
    },
  },
})

/** A cache with the messages 8 to 10, and what it shows. */
function cacheOfThree() {
  const cache = createCache()
  const put = (from: number, to: number) =>
    cache.writeQuery({
      query: first,
      variables: { id: 'here', last: to - from + 1 },
      data: conversation(from, to),
    })
  const putOlder = (before: number, from: number) =>
    cache.writeQuery({
      query: older,
      variables: { id: 'here', before: `at ${before}` },
      data: conversation(from, before - 1),
    })
  const shown = () => cache.readQuery({ query: first, variables: { id: 'here', last: 25 } })
  put(8, 10)
  return { put, putOlder, shown }
}

const list = gql`
  query ($after: String, $filter: ConversationFilter) {
    conversations(first: 2, after: $after, filter: $filter) {
      edges { cursor node { id archivedAt unreadCount isMarkedUnread lastActivityAt } }
      pageInfo { hasNextPage endCursor }
    }
  }
`

interface Line {
  readonly id: string
  readonly archivedAt?: string
  readonly isMarkedUnread?: boolean
}

const lines = (given: readonly Line[], endCursor: string | null = null) => ({
  conversations: {
    __typename: 'ConversationConnection',
    edges: given.map(({ id, archivedAt = null, isMarkedUnread = false }) => ({
      __typename: 'ConversationEdge',
      cursor: `at ${id}`,
      node: {
        __typename: 'Conversation',
        id,
        archivedAt,
        unreadCount: 0,
        isMarkedUnread,
        lastActivityAt: id,
      },
    })),
    pageInfo: { __typename: 'PageInfo', hasNextPage: endCursor !== null, endCursor },
  },
})

test('a conversation stands in the lists that it belongs to, and a list goes on from where it ended', () => {
  const cache = createCache()
  const put = (data: object, variables: object) => cache.writeQuery({ query: list, data, variables })
  const read = (filter?: object) => cache.readQuery({ query: list, variables: filter ? { filter } : {} })
  expect(read()).toBeNull()
  const [one, two, three] = [{ id: '1' }, { id: '2', archivedAt: 'once' }, { id: '3', isMarkedUnread: true }]
  put(lines([three, two], 'at 2'), { filter: { archived: null } })
  expect(read()).toEqual(lines([three], 'at 2'))
  expect(read({ archived: true })).toEqual(lines([two], 'at 2'))
  expect(read({ unreadOnly: true })).toEqual(lines([three], 'at 2'))
  put(lines([one]), { after: 'at 9' })
  expect(read()).toEqual(lines([three], 'at 2'))
  put(lines([one]), { after: 'at 2' })
  expect(read()).toEqual(lines([three, one]))
  cache.modify({ id: 'Conversation:2', fields: { archivedAt: () => null } })
  expect([read(), read({ archived: true })]).toEqual([lines([three, { id: '2' }, one]), lines([], 'at 2')])
})

test('a shorter first page, of what is here or newer, takes nothing away', () => {
  const { put, shown } = cacheOfThree()
  put(10, 10)
  expect(shown()).toEqual(conversation(8, 10))
  put(11, 11)
  expect(shown()).toEqual(conversation(8, 11))
})

test('a longer first page reaches further', () => {
  const { put, shown } = cacheOfThree()
  put(3, 10)
  expect(shown()).toEqual(conversation(3, 10))
})

test('an older page is put before what it goes on from, and dropped where that is no longer here', () => {
  const { putOlder, shown } = cacheOfThree()
  putOlder(5, 3)
  expect(shown()).toEqual(conversation(8, 10))
  putOlder(8, 6)
  expect(shown()).toEqual(conversation(6, 10))
})
