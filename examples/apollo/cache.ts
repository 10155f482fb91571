import { type FieldFunctionOptions, type FieldPolicy, InMemoryCache, type Reference } from '@apollo/client'
import { relayStylePagination } from '@apollo/client/utilities'
import type { ConversationFilter } from '../generated/graphql.js'
import generated from '../generated/possible-types.js'

/** A connection as it lies in the cache: nodes are references. */
export interface CachedConnection {
  readonly edges: readonly CachedEdge[]
  readonly pageInfo?: Readonly<Record<string, unknown>>
}

export interface CachedEdge {
  readonly __typename?: string
  readonly cursor?: string
  readonly node: Reference
}

type ReadField = FieldFunctionOptions['readField']
type Compare = (a: Reference, b: Reference, readField: ReadField) => number

/** Text and numbers in their order; dates are ISO 8601 in UTC, so their text will do. */
const compareField =
  (field: string, direction: 1 | -1 = 1): Compare =>
  (a, b, readField) => {
    const [one = '', other = ''] = [
      readField<string | number>(field, a),
      readField<string | number>(field, b),
    ]
    return one === other ? 0 : one < other ? -direction : direction
  }

const inTurn =
  (...compares: Compare[]): Compare =>
  (a, b, readField) =>
    compares.reduce((found, compare) => found || compare(a, b, readField), 0)

/**
 * A connection that the stream adds to. relayStylePagination puts a page where its cursor stands, which moves here; so
 * pages are united by node, and the order comes from the nodes whenever it is read. A first page is united with what is here
 * too, however short it is: what lies between the two comes with the stream. Only the session replaces, and evicts before.
 */
function kept(compare: Compare) {
  return {
    keyArgs: false,
    merge: (existing, incoming, { args }) => {
      const cursor = args?.before ?? args?.after
      if (!existing) return incoming
      if (cursor && !knows(existing, cursor)) return existing
      const byNode = new Map(existing.edges.map((edge) => [edge.node.__ref, edge]))
      for (const edge of incoming.edges)
        byNode.set(edge.node.__ref, { ...byNode.get(edge.node.__ref), ...edge })
      // Of two first pages the longer one reaches further.
      const isFurther = cursor || incoming.edges.length >= existing.edges.length
      return {
        ...existing,
        edges: [...byNode.values()],
        pageInfo: isFurther
          ? { ...existing.pageInfo, ...incoming.pageInfo }
          : { ...incoming.pageInfo, ...existing.pageInfo },
      }
    },
    read: (existing, { readField, canRead }) =>
      existing && {
        ...existing,
        edges: existing.edges
          .filter((edge) => canRead(edge.node))
          .sort((a, b) => compare(a.node, b.node, readField)),
      },
  } satisfies FieldPolicy<CachedConnection>
}

/** Whether a page goes on from what is here. It does not when everything was fetched anew meanwhile: it would leave a hole. */
function knows({ edges, pageInfo }: CachedConnection, cursor: string): boolean {
  return (
    edges.some((edge) => edge.cursor === cursor) ||
    pageInfo?.startCursor === cursor ||
    pageInfo?.endCursor === cursor
  )
}

/** What a list of conversations is made of; `search` is not among it. */
type List = Required<Pick<ConversationFilter, 'archived' | 'kind' | 'unreadOnly'>>

/** The lists that conversations are taken from, whichever is asked for: the session's own, without the archive, and it alone. */
const everyList: List = { archived: null, kind: null, unreadOnly: false }
const sharedLists: readonly List[] = [
  everyList,
  { ...everyList, archived: false },
  { ...everyList, archived: true },
]
const unreadList: List = { archived: false, kind: null, unreadOnly: true }

function listOf(filter: ConversationFilter | null | undefined): List {
  const { archived = false, kind = null, unreadOnly = false } = filter ?? {}
  return { archived, kind, unreadOnly: unreadOnly ?? false }
}

const nameOf = (list: List) => JSON.stringify([list.archived, list.kind, list.unreadOnly])

const listOrder = inTurn(compareField('lastActivityAt', -1), compareField('id', -1))

/**
 * Lists of conversations. Each is read from all that are here, as they are now: so whatever changes a conversation, an update
 * or a mutation's payload, moves it from one list to another. Nobody but the server can search: such a list is as it was
 * fetched.
 */
function conversationLists(): FieldPolicy<CachedConnection> {
  const whole = kept(listOrder)
  return {
    keyArgs: (args) => (args?.filter?.search ? ['filter'] : `conversations:${nameOf(listOf(args?.filter))}`),
    merge: (existing, incoming, options) => {
      const { args, readField } = options
      const isFirst = !args?.before && !args?.after
      if (args?.filter?.search) return isFirst ? incoming : whole.merge(existing, incoming, options)
      // A list that was never asked for goes on from what was fetched at the start.
      const from = existing ?? (isFirst ? undefined : heldIn(everyList, readField))
      return whole.merge(from, incoming, options)
    },
    read: (existing, options) => {
      const { args, readField } = options
      if (args?.filter?.search || args?.asItIs) return whole.read(existing, options)
      const list = listOf(args?.filter)
      const isEveryList = nameOf(list) === nameOf(everyList)
      const others = isEveryList ? [] : [...sharedLists, ...(list.unreadOnly ? [unreadList] : [])]
      const held = [...others.map((other) => heldIn(other, readField)), existing].filter(
        (each) => each !== undefined,
      )
      // What was never asked for, but stands in what was fetched at the start, need not be asked for.
      const from = existing ?? heldIn(everyList, readField)
      const byNode = new Map(held.flatMap(({ edges }) => edges.map((edge) => [edge.node.__ref, edge])))
      const edges = [...byNode.values()].filter(({ node }) => belongs(list, node, readField))
      return from && whole.read({ ...from, edges }, options)
    },
  }
}

/** What was fetched of a list, or came with updates, whether it still belongs there. No argument of the schema is called `asItIs`. */
function heldIn(list: List, readField: ReadField): CachedConnection | undefined {
  const args = { filter: list, asItIs: true }
  return readField<CachedConnection>({ fieldName: 'conversations', args, from: { __ref: 'ROOT_QUERY' } })
}

function belongs({ archived, kind, unreadOnly }: List, node: Reference, readField: ReadField): boolean {
  const isArchived = (readField('archivedAt', node) ?? null) !== null
  const isUnread =
    (readField<number>('unreadCount', node) ?? 0) > 0 || readField('isMarkedUnread', node) === true
  return (
    (archived === null || archived === isArchived) &&
    (kind === null || kind === readField('kind', node)) &&
    (!unreadOnly || isUnread)
  )
}

/** No update tells of it; but all that is unread was fetched, however old, and so it can be counted. */
const unreadConversationCount: FieldPolicy<number> = {
  read: (existing, { readField }) => {
    const unread = readField<CachedConnection>({
      fieldName: 'conversations',
      args: { filter: unreadList },
      from: { __ref: 'ROOT_QUERY' },
    })
    return existing === undefined || unread?.pageInfo?.hasNextPage !== false ? existing : unread.edges.length
  },
}

/** What Apollo has to know of Parley's types, with the one name for a list of messages wherever it was fetched from. */
export function createCache(): InMemoryCache {
  return new InMemoryCache({
    possibleTypes: generated.possibleTypes,
    typePolicies: {
      Query: {
        fields: {
          conversations: conversationLists(),
          conversation: {
            read: (existing, { args, toReference }) =>
              existing ?? toReference({ __typename: 'Conversation', id: args?.id }),
          },
          contacts: relayStylePagination(['role']),
        },
      },
      Conversation: {
        fields: {
          // Always the whole list.
          typists: { merge: false },
          // What is hidden, or no longer pinned, goes by itself.
          pinnedMessages: {
            merge: false,
            read: (existing: readonly Reference[] | undefined, { canRead, readField }) =>
              existing?.filter((message) => canRead(message) && readField('pinnedAt', message) !== null),
          },
          messages: kept(compareField('sequence')),
          participants: kept(inTurn(compareField('role', -1), compareField('joinedAt'), compareField('id'))),
        },
      },
      Message: {
        fields: {
          // Always the whole list: what has no id can't be told apart.
          reactions: { merge: false },
          mentions: { merge: false },
          acknowledgements: { merge: false },
          revisions: { merge: false },
          // Hidden meanwhile: the message stays, without what it answers.
          replyTo: { read: (existing, { canRead }) => (canRead(existing) ? existing : null) },
        },
      },
      // So that the presence subscription brings User.presence up to date wherever it is shown.
      Presence: { keyFields: ['userId'] },
      Viewer: { fields: { blockedUsers: relayStylePagination(), unreadConversationCount } },
    },
  })
}
