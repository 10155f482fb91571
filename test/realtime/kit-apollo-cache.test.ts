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
