import { z } from 'zod'
import { faultsOf } from '../../support/invariants.js'
import type { Api } from './api.js'
import type { Person } from './cast.js'
import type { Ground } from './ground.js'

/** A row of somebody's stream, as PostgreSQL keeps it. */
export interface StreamRow {
  readonly position: number
  readonly kind: string
  readonly conversationId: string | null
  readonly messageId: string | null
  readonly conversationUnread: number | null
  readonly viewerUnread: number
}

/** A message as somebody's history shows it. */
export interface HistoryMessage {
  readonly id: string
  readonly sequence: number
  readonly body: string | null
}

/** What the API says of one conversation of somebody's. */
export interface ConversationState {
  readonly id: string
  readonly unread: number
  readonly messages: readonly HistoryMessage[]
}

const page = z.object({
  conversation: z.object({
    unreadCount: z.number(),
    messages: z.object({
      edges: z.array(
        z.object({ node: z.object({ id: z.string(), sequence: z.number(), body: z.string().nullable() }) }),
      ),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
    }),
  }),
})
const viewer = z.object({ viewer: z.object({ updateCursor: z.string(), unreadCount: z.number() }) })
const pageDocument = `query ($id: ID!, $after: String) { conversation(id: $id) { unreadCount
  messages(first: 100, after: $after) { edges { node { id sequence body } } pageInfo { hasNextPage endCursor } } } }`

/** Where somebody's stream stands and how much they have not read, as the API tells. */
export async function viewerOf(api: Api, person: Person): Promise<{ cursor: string; unread: number }> {
  const found = await api.must(viewer, person.name, '{ viewer { updateCursor unreadCount } }')
  return { cursor: found.viewer.updateCursor, unread: found.viewer.unreadCount }
}

/** A conversation as a person reads it: the history query, paged to its end. */
export async function conversationOf(api: Api, person: Person, id: string): Promise<ConversationState> {
  const messages: HistoryMessage[] = []
  for (let after: string | null = null; ; ) {
    const { conversation }: z.infer<typeof page> = await api.must(page, person.name, pageDocument, {
      id,
      after,
    })
    messages.push(...conversation.messages.edges.map(({ node }) => node))
    after = conversation.messages.pageInfo.endCursor
    if (!conversation.messages.pageInfo.hasNextPage) return { id, unread: conversation.unreadCount, messages }
  }
}

/** How far these people's streams have come, by their row ids. */
export async function headsOf(ground: Ground, people: readonly Person[]): Promise<Map<string, number>> {
  return ground.postgres.asAdmin(async (admin) => {
    const { rows } = await admin.query<{ id: string; position: number }>(
      'SELECT user_id AS id, "position"::int AS position FROM user_streams WHERE user_id = ANY ($1::uuid[])',
      [people.map(({ rowId }) => rowId)],
    )
    return new Map(rows.map(({ id, position }) => [id, position]))
  })
}

/** The rows of a person's stream after a position. */
export async function rowsOf(ground: Ground, person: Person, after: number): Promise<StreamRow[]> {
  return ground.postgres.asAdmin(async (admin) => {
    const { rows } = await admin.query<StreamRow>(
      `SELECT "position"::int AS position, kind, conversation_id AS "conversationId", message_id AS "messageId",
              conversation_unread AS "conversationUnread", viewer_unread AS "viewerUnread"
         FROM updates WHERE user_id = $1 AND "position" > $2 ORDER BY "position"`,
      [person.rowId, after],
    )
    return rows
  })
}

/** The ids of the messages that are kept. */
export async function keptMessages(ground: Ground): Promise<Set<string>> {
  return ground.postgres.asAdmin(async (admin) => {
    const { rows } = await admin.query<{ id: string }>('SELECT id FROM messages')
    return new Set(rows.map(({ id }) => id))
  })
}

/** The invariants of the database that do not hold. */
export async function brokenRules(ground: Ground): Promise<string[]> {
  const faults = await faultsOf({ database: { connectionString: ground.postgres.connectionString } })
  return faults.map(({ rule, rows }) => `${rule}: ${JSON.stringify(rows[0])}`)
}
