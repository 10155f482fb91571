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
 * pages are united by node, and the order comes from the nodes whenever it is read.
 */
function kept(compare: Compare, keyArgs: readonly string[] | false = false): FieldPolicy<CachedConnection> {
  return {
    keyArgs: keyArgs === false ? false : [...keyArgs],
    merge: (existing, incoming, { args }) => {
      // A first page is fetched at the start and after a reset: what was there before is no longer known to be complete.
      if (!existing || !(args?.before || args?.after)) return incoming
      const byNode = new Map(
        [...existing.edges, ...incoming.edges].map((edge) => [edge.node.__ref, edge] as const),
      )
      return {
        ...existing,
        edges: [...byNode.values()],
        pageInfo: { ...existing.pageInfo, ...incoming.pageInfo },
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
