import { type ListPageFragment, MoreConversationsDocument } from '../generated/graphql.js'
import type { Ask } from './local-copy.js'

/** What is unread beyond the first page of it, however many pages that takes: seldom any. */
export async function olderUnread(
  ask: Ask,
  first: ListPageFragment | null,
): Promise<ListPageFragment['edges']> {
  const edges: ListPageFragment['edges'] = []
  for (let page = first; page?.pageInfo.hasNextPage && page.pageInfo.endCursor !== null; ) {
    const variables = { after: page.pageInfo.endCursor, filter: { unreadOnly: true } }
    page = (await ask(MoreConversationsDocument, variables)).conversations
    edges.push(...(page?.edges ?? []))
  }
  return edges
}
