import { createHash } from 'node:crypto'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import type { GraphiQLOptions } from 'graphql-yoga'
import { favicon, logo } from './graphiql-pictures.js'

/** A tab of GraphiQL, named after its first operation. Variables and headers are JSON that may hold comments. */
export interface ExplorerTab {
  readonly query: string
  readonly variables: string
  readonly headers: string
}

/** What GraphiQL opens with. */
export interface Explorer {
  readonly tabs: readonly ExplorerTab[]
  /** This start's token of each subject, for the tabs that a browser has kept. None where tokens come from elsewhere. */
  readonly tokens: Readonly<Record<string, string>>
}

/** Where tokens come from an identity provider: one document, and where the token goes. */
export const plainExplorer: Explorer = {
  tabs: [
    {
      query: `# Put a token into Headers, below, and fetch the schema
# again (the arrows in the corner). The book then explains
# every type and field.
query Start {
  viewer {
    user { displayName role }
    unreadCount
    updateCursor
  }
  conversations(first: 10) {
    edges {
      node {
        id
        kind
        title
        otherParticipant { displayName }
        unreadCount
        lastMessage { body sentAt }
      }
    }
  }
}
`,
      variables: '{}',
      headers: '{\n  "Authorization": "Bearer "\n}',
    },
  ],
  tokens: {},
}

/** Yoga's options for the page. Over SSE the headers of a tab are those of its subscriptions too; a socket has none. */
export function graphiqlOptions({ tabs, tokens }: Explorer): GraphiQLOptions {
  return {
    title: 'Parley',
    logo,
    favicon,
    defaultTabs: tabs.map((tab) => ({ ...tab })),
    headers: tabs[0]?.headers ?? '{}',
    // A token of somebody's real account is not to stay in the browser.
    shouldPersistHeaders: Object.keys(tokens).length > 0,
    defaultEditorToolsVisibility: 'headers',
    subscriptionsProtocol: 'GRAPHQL_SSE',
    // What is asked for is not to stand in addresses, which proxies log.
    method: 'POST',
  }
}

/** The page, complete in itself: nothing of it comes from another host. */
export function renderExplorer(options: GraphiQLOptions, { tabs, tokens }: Explorer): string {
  const stamp = createHash('sha256')
    .update(JSON.stringify(tabs.map(({ query, variables }) => [query, variables])))
    .digest('base64url')
  const script = `<script>(${renewTabs})(${JSON.stringify(stamp)}, ${JSON.stringify(tokens)})</script>`
  return renderGraphiQL(options).replace('</head>', () => `${stillTabs}${script}</head>`)
}

// A tab that was there from the start jumps aside as soon as it has the focus, and the click misses it: GraphiQL leaves
// the shift of its opening animation on it.
const stillTabs = '<style>.graphiql-tab:focus-within { transform: none !important }</style>'

/**
 * Runs in the browser before GraphiQL does. Tabs that it keeps are dropped when others are offered by now, or for another
 * database; else the tokens in them are replaced by this start's of the same subject.
 */
const renewTabs = `function (stamp, tokens) {
  const kept = 'graphiql:tabState'
  if (localStorage.getItem('parley:explorer') !== stamp) {
    for (const key of [kept, 'graphiql:query', 'graphiql:variables', 'graphiql:headers', 'graphiql:shouldPersistHeaders'])
      localStorage.removeItem(key)
    localStorage.setItem('parley:explorer', stamp)
  }
  const renewed = (token, claims) => {
    try {
      const { sub } = JSON.parse(atob(claims.replace(/-/g, '+').replace(/_/g, '/')))
      return Object.hasOwn(tokens, sub) ? tokens[sub] : token
    } catch {
      return token
    }
  }
  for (const key of [kept, 'graphiql:headers']) {
    const text = localStorage.getItem(key)
    if (text) localStorage.setItem(key, text.replace(/eyJ[\\w-]*\\.([\\w-]+)\\.[\\w-]+/g, renewed))
  }
}`
