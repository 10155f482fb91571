import { type FieldFunctionOptions, type FieldPolicy, InMemoryCache, type Reference } from '@apollo/client'
import { relayStylePagination } from '@apollo/client/utilities'
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
function kept(compare: Compare, keyArgs: readonly string[] | false = false): FieldPolicy<CachedConnection> {
  return {
    keyArgs: keyArgs === false ? false : [...keyArgs],
    merge: (existing, incoming, { args }) => {
      // Filtered lists are not kept by the stream: they are as they were fetched.
      const cursor = args?.before ?? args?.after
      if (!existing || (args?.filter && !cursor)) return incoming
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
  }
}

/** Whether a page goes on from what is here. It does not when everything was fetched anew meanwhile: it would leave a hole. */
function knows({ edges, pageInfo }: CachedConnection, cursor: string): boolean {
  return (
    edges.some((edge) => edge.cursor === cursor) ||
    pageInfo?.startCursor === cursor ||
    pageInfo?.endCursor === cursor
  )
}

/** What Apollo has to know of Parley's types, with the one name for a list of messages wherever it was fetched from. */
export function createCache(): InMemoryCache {
  return new InMemoryCache({
    possibleTypes: generated.possibleTypes,
    typePolicies: {
      Query: {
        fields: {
          conversations: kept(inTurn(compareField('lastActivityAt', -1), compareField('id', -1)), ['filter']),
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
          messages: kept(compareField('sequence')),
          participants: kept(inTurn(compareField('role', -1), compareField('joinedAt'), compareField('id'))),
        },
      },
      Message: {
        fields: {
          // Hidden meanwhile: the message stays, without what it answers.
          replyTo: { read: (existing, { canRead }) => (canRead(existing) ? existing : null) },
        },
      },
      // So that the presence subscription brings User.presence up to date wherever it is shown.
      Presence: { keyFields: ['userId'] },
      Viewer: { fields: { blockedUsers: relayStylePagination() } },
    },
  })
}
