import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import {
  type ConversationFieldsFragment,
  MoreConversationsDocument,
  OlderMessagesDocument,
  OpenConversationDocument,
  StartDocument,
  type StartQuery,
  type ViewerFieldsFragment,
} from '../generated/graphql.js'
import type { Copy, Update } from './follower.js'
import { Listeners } from './listeners.js'
import {
  type Edge,
  type Page,
  pageOf,
  withEdges,
  withMessage,
  withoutMessage,
  withParticipant,
  withPins,
} from './page.js'
import { olderUnread } from './unread.js'

/** A conversation on this device. An object never changes: a new one takes its place, so that `===` tells. */
export interface LocalConversation {
  readonly fields: ConversationFieldsFragment
  /** Null until it is opened, for those that were not among the first. */
  readonly page: Page | null
}

export type Ask = <Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
) => Promise<Data>

export type Limits = StartQuery['serverInfo']

/** All of it, as it is stored. */
export interface LocalState {
  readonly viewer: ViewerFieldsFragment | null
  readonly limits: Limits | null
  readonly conversations: readonly LocalConversation[]
  /** Where the list of conversations goes on; null at its end. */
  readonly more: string | null
}

/** All that a screen shows, kept from updates alone. */
export class LocalCopy implements Copy<LocalState> {
  readonly changes = new Listeners()
  #viewer: ViewerFieldsFragment | null = null
  #limits: Limits | null = null
  #conversations = new Map<string, LocalConversation>()
  #more: string | null = null

  constructor(private readonly ask: Ask) {}

  get viewer(): ViewerFieldsFragment {
    if (!this.#viewer) throw new Error('nothing has been fetched yet')
    return this.#viewer
  }

  /** What the deployment allows; null until it was fetched. */
  get limits(): Limits | null {
    return this.#limits
  }

  /** Those that are not archived, latest activity first. A new message brings an archived one back by itself. */
  get conversations(): readonly LocalConversation[] {
    return this.all.filter(({ fields }) => fields.archivedAt === null)
  }

  /** Those in the archive, latest activity first. */
  get archived(): readonly LocalConversation[] {
    return this.all.filter(({ fields }) => fields.archivedAt !== null)
  }

  /** All that are here, latest activity first: what is unread, however old, and otherwise the list as far as it was fetched. */
  get all(): readonly LocalConversation[] {
    return [...this.#conversations.values()].sort(
      (a, b) =>
        b.fields.lastActivityAt.localeCompare(a.fields.lastActivityAt) ||
        b.fields.id.localeCompare(a.fields.id),
    )
  }

  /** Whether the server has conversations that are not here. */
  get hasMore(): boolean {
    return this.#more !== null
  }

  conversation(id: string): LocalConversation | undefined {
    return this.#conversations.get(id)
  }

  async refetch(): Promise<string> {
    const { viewer, conversations, unread, serverInfo } = await this.ask(StartDocument, {})
    const older = await olderUnread(this.ask, unread)
    const { updateCursor, ...fields } = viewer
    this.#viewer = fields
    this.#limits = serverInfo
    this.#conversations = new Map(
      [...(unread?.edges ?? []), ...older].map(({ node }) => [node.id, { fields: node, page: null }]),
    )
    for (const { node } of conversations?.edges ?? []) this.#conversations.set(node.id, wholeOf(node))
    this.#takeMore(conversations?.pageInfo)
    this.#countUnread()
    this.changes.tell()
    return updateCursor
  }

  async apply({ conversation: fields, viewerUnreadCount, change }: Update): Promise<void> {
    if (this.#viewer) this.#viewer = { ...this.#viewer, unreadCount: viewerUnreadCount }
    if (change?.__typename === 'ViewerChanged') this.#viewer = change.viewer
    if (fields) {
      const page = this.#conversations.get(fields.id)?.page ?? null
      const at = { viewerUserId: this.viewer.user.id, conversation: fields }
      this.#conversations.set(fields.id, { fields, page: changed(page, change, at) })
    }
    this.#countUnread()
    this.changes.tell()
    // The one change that updates do not tell of one by one.
    if (fields && change?.__typename === 'MessageSent') {
      const { systemEvent } = change.edge.node
      if (systemEvent?.kind === 'HISTORY_IMPORTED') await this.fetchPage(fields.id)
    }
  }

  /** Fetches an open conversation's newest page. */
  async fetchPage(id: string): Promise<void> {
    const { conversation } = await this.ask(OpenConversationDocument, { id })
    if (conversation) this.#put(wholeOf(conversation))
  }

  /** Fetches what was said before the oldest message that is here; nothing where another has become the oldest meanwhile. */
  async fetchOlder(id: string): Promise<void> {
    const before = this.#conversations.get(id)?.page?.edges[0]?.cursor
    if (before === undefined) return
    const { conversation } = await this.ask(OlderMessagesDocument, { id, before })
    const known = this.#conversations.get(id)
    // Everything was fetched anew: between that page and this answer there would be a hole.
    if (!conversation?.messages || known?.page?.edges[0]?.cursor !== before) return
    const { edges, pageInfo } = conversation.messages
    const page = { ...withEdges(known.page, edges), hasOlder: pageInfo.hasPreviousPage }
    this.#put({ ...known, page })
  }

  /** Fetches the next page of the list of conversations. */
  async fetchMore(): Promise<void> {
    const after = this.#more
    if (after === null) return
    const { conversations } = await this.ask(MoreConversationsDocument, { after, filter: { archived: null } })
    if (this.#more !== after) return
    for (const { node: fields } of conversations?.edges ?? []) {
      const known = this.#conversations.get(fields.id)
      this.#conversations.set(fields.id, { fields, page: known?.page ?? null })
    }
    this.#takeMore(conversations?.pageInfo)
    this.#countUnread()
    this.changes.tell()
  }

  /** Puts in a message that an answer brought before the stream did, and its conversation, which may come out of the archive. */
  add(fields: ConversationFieldsFragment, edge: Edge): void {
    const page = this.#conversations.get(fields.id)?.page ?? null
    this.#put({ fields, page: page && withEdges(page, [edge]) })
  }

  extract(): LocalState {
    return {
      viewer: this.#viewer,
      limits: this.#limits,
      conversations: [...this.#conversations.values()],
      more: this.#more,
    }
  }

  restore({ viewer, limits, conversations, more }: LocalState): void {
    this.#viewer = viewer
    this.#limits = limits
    this.#conversations = new Map(conversations.map((each) => [each.fields.id, each]))
    this.#more = more
    this.changes.tell()
  }

  #put(conversation: LocalConversation): void {
    this.#conversations.set(conversation.fields.id, conversation)
    this.#countUnread()
    this.changes.tell()
  }

  /** No update tells of this total; but all that is unread is here, so it can be counted. */
  #countUnread(): void {
    let count = 0
    for (const { fields } of this.#conversations.values())
      if (fields.archivedAt === null && (fields.unreadCount > 0 || fields.isMarkedUnread)) count += 1
    if (this.#viewer) this.#viewer = { ...this.#viewer, unreadConversationCount: count }
  }

  #takeMore(pageInfo: { hasNextPage: boolean; endCursor: string | null } | undefined): void {
    this.#more = pageInfo?.hasNextPage ? pageInfo.endCursor : null
  }
}

type Node = NonNullable<StartQuery['conversations']>['edges'][number]['node']

function wholeOf(node: Node): LocalConversation {
  const { messages, participants, pinnedMessages, ...fields } = node
  return { fields, page: pageOf(node) }
}

/** What an open conversation shows after a change. Changes that are not known yet pass. */
function changed(
  page: Page | null,
  change: Update['change'],
  at: Parameters<typeof withParticipant>[2],
): Page | null {
  if (change?.__typename === 'ConversationOpened') return pageOf(change.conversation)
  if (!page) return null
  switch (change?.__typename) {
    case 'MessageSent':
      return withEdges(page, [change.edge])
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'ReactionAdded':
    case 'ReactionRemoved':
    case 'MessageAcknowledged':
      return withMessage(page, change.message)
    case 'MessagePinned':
    case 'MessageUnpinned':
      return withPins(page, change.message)
    case 'MessageHidden':
      return withoutMessage(page, change.messageId)
    case 'MessagesDelivered':
    case 'MessagesRead':
    case 'ParticipantJoined':
    case 'ParticipantChanged':
    case 'ParticipantLeft':
      return withParticipant(page, change.participant, at)
    default:
      return page
  }
}
