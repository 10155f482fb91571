import type { GraphContext } from '../../graphql/context.js'
import { Loaders } from '../../graphql/loaders.js'
import { NeedsViewer, type Shareable } from '../../graphql/shared-execution.js'
import type { ConversationRow } from '../conversations/rows.js'
import type { ReadTogether } from './read-together.js'
import type { ResolvedEvent } from './schema.js'

// They stand where each person's own cursor, time and counters will.
const cursorMark = '\u0000cursor'
const atMark = new Date(0)
const viewerUnreadMark = -(2 ** 31)
const conversationUnreadMark = 1 - 2 ** 31

/** What of a conversation is the same for whoever may see it. */
const sameForAll = new Set<string | symbol>([
  'id',
  'kind',
  'titleSealed',
  'titleRevision',
  'patientId',
  'doctorId',
  'closedAt',
  'createdAt',
] satisfies (keyof ConversationRow)[])

/** A conversation that nobody in particular looks at: what would differ throws NeedsViewer. */
export function seenByNobody(conversation: ConversationRow): ConversationRow {
  return new Proxy(conversation, {
    get: (row, key) => {
      if (Object.hasOwn(row, key) && !sameForAll.has(key)) throw new NeedsViewer()
      return Reflect.get(row, key)
    },
  })
}

/**
 * Lets an event that tells of a message share its execution with those of other people, who were all found to see the same
 * message in the same read. Null for what each resolves alone. `prime` makes what was read together known to a context.
 */
export function shareableOf(
  ctx: GraphContext,
  event: ResolvedEvent,
  read: ReadTogether | undefined,
  prime: (ctx: GraphContext) => void,
): Shareable | null {
  if (event.kind !== 'row' || !read?.message || !read.conversation) return null
  const { change, row } = event
  if (!change || !('message' in change) || change.message !== read.message) return null
  return {
    subject: change.message,
    kind: row.kind,
    name: `${row.actorId}:${row.emoji}`,
    context: () => {
      const shared: GraphContext = Object.defineProperty(
        { ...ctx, deviceId: '', updateCursor: null, loaders: new Loaders<GraphContext>(() => shared) },
        'viewer',
        {
          get: () => {
            throw new NeedsViewer()
          },
        },
      )
      prime(shared)
      return shared
    },
    blank: {
      ...event,
      cursor: cursorMark,
      at: atMark,
      viewerUnread: viewerUnreadMark,
      row: { ...row, conversationUnread: conversationUnreadMark },
    },
    own: new Map<unknown, unknown>([
      [cursorMark, event.cursor],
      [atMark, event.at],
      [viewerUnreadMark, event.viewerUnread],
      [conversationUnreadMark, row.conversationUnread],
    ]),
  }
}
