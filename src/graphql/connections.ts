import type { ObjectRef } from '@pothos/core'
import { InvalidInputError } from '../errors.js'
import { builder } from './builder.js'

const largestPage = 100

export interface PageInfo {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly startCursor: string | null
  readonly endCursor: string | null
}

export const PageInfoRef = builder.objectRef<PageInfo>('PageInfo').implement({
  description: 'Where a page stands in its connection.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', {
      description:
        'Whether there is more after `endCursor`. Known when paging forward; else whether `before` was given.',
    }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description:
        'Whether there is more before `startCursor`. Known when paging backward; else whether `after` was given.',
    }),
    startCursor: t.exposeString('startCursor', {
      nullable: true,
      description:
        'Of the first edge, or where a search that stopped early goes on; else null when the page is empty.',
    }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description:
        'Of the last edge, or where a search that stopped early goes on; else null when the page is empty.',
    }),
  }),
})

export interface Edge<Node> {
  readonly cursor: string
  readonly node: Node
}

export interface Connection<Node> {
  readonly edges: readonly Edge<Node>[]
  readonly pageInfo: PageInfo
}

/** The connection and edge types of a node type, named after it as the contract does. */
export function connectionTypes<Node extends object>(
  name: string,
  node: ObjectRef<typeof builder.$inferSchemaTypes, Node>,
  plural: string,
) {
  const edge = builder.objectRef<Edge<Node>>(`${name}Edge`)
  edge.implement({
    description: `One of the ${plural} of a page.`,
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'Opaque; goes into `after` or `before`.' }),
      // Pothos can’t tell of a generic type whether it is a list; Edge<Node> has said that it is none.
      node: t.field({
        type: node,
        description: 'What stands at this place.',
        resolve: (parent) => parent.node as never,
      }),
    }),
  })
  const connection = builder.objectRef<Connection<Node>>(`${name}Connection`)
  connection.implement({
    description: `A page of ${plural}.`,
    fields: (t) => ({
      edges: t.field({ type: [edge], description: 'In order.', resolve: (parent) => parent.edges }),
      pageInfo: t.field({
        type: PageInfoRef,
        description: 'Whether there is more.',
        resolve: (parent) => parent.pageInfo,
      }),
    }),
  })
  return { edge, connection }
}

export interface PageArguments {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly last?: number | null | undefined
  readonly before?: string | null | undefined
}

/** A page's arguments, checked. `fromEnd`: read backward. */
export interface Page {
  readonly limit: number
  readonly fromEnd: boolean
  readonly after: string | null
  readonly before: string | null
}

/** Exactly one of first and last, 1 to 100; a default stands in when there is one. Throws InvalidInputError. */
export function checkPage(args: PageArguments, defaultFirst?: number): Page {
  const { first = null, last = null, after = null, before = null } = args
  const chosen = first ?? last ?? defaultFirst ?? null
  if (chosen === null || (first !== null && last !== null)) {
    throw InvalidInputError.at('first', 'Give exactly one of first and last.')
  }
  if (chosen < 1 || chosen > largestPage) {
    throw InvalidInputError.at(last === null ? 'first' : 'last', `Ask for 1 to ${largestPage}.`)
  }
  return { limit: chosen, fromEnd: last !== null, after, before }
}

/**
 * The connection of rows that were read in the direction of reading, one more than the page holds where there is more.
 */
export function connectionOf<Node>(
  page: Page,
  rows: readonly Node[],
  cursorOf: (node: Node) => string,
): Connection<Node> {
  const hasMore = rows.length > page.limit
  const kept = rows.slice(0, page.limit)
  if (page.fromEnd) kept.reverse()
  const edges = kept.map((node) => ({
    node,
    get cursor() {
      return cursorOf(node)
    },
  }))
  return {
    edges,
    pageInfo: {
      hasNextPage: page.fromEnd ? page.before !== null : hasMore,
      hasPreviousPage: page.fromEnd ? hasMore : page.after !== null,
      get startCursor() {
        return edges[0]?.cursor ?? null
      },
      get endCursor() {
        return edges.at(-1)?.cursor ?? null
      },
    },
  }
}

/** A list argument has a bound, too. Throws InvalidInputError. */
export function assertAtMost(count: number, most: number, argument: string): void {
  if (count > most) throw InvalidInputError.at(argument, `At most ${most}.`)
}

const pageSize = 'between 1 and 100; exactly one of `first` and `last`'

/** The descriptions of paging arguments, the same everywhere. */
export const pageArguments = {
  first: `How many, from the start or from \`after\` on: ${pageSize}. INVALID_INPUT otherwise.`,
  after: 'Start after this cursor. Null: at the start. A cursor of another list is INVALID_INPUT.',
  last: `How many, back from the end or from \`before\`: ${pageSize}. INVALID_INPUT otherwise.`,
  before: 'End before this cursor. Null: at the end. A cursor of another list is INVALID_INPUT.',
} as const
