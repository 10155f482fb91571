import type { Services } from '../../features/context.js'
import type { TokenRules } from '../../http/authenticate.js'
import type { Explorer } from '../../http/graphiql.js'
import { demoPeople } from '../people.js'
import { signToken } from '../tokens.js'
import { following, signalling, watching } from './documents-live.js'
import { manners } from './documents-manners.js'
import { groups, people, platform, refusals } from './documents-people.js'
import { conversations, reading, start } from './documents-reading.js'
import { sending } from './documents-sending.js'
import { headersFor } from './headers.js'
import { findPlaces, type Places } from './places.js'

/** One tab: its document, who asks, and what its variables are in this database. */
interface DemoTab {
  readonly document: string
  readonly as: string
  readonly variables: (places: Places) => Record<string, unknown>
}

const demoTabs: readonly DemoTab[] = [
  { document: start, as: 'dr-osman', variables: () => ({}) },
  {
    document: conversations,
    as: 'dr-osman',
    variables: ({ conversationId }) => ({ conversationId }),
  },
  {
    document: reading,
    as: 'amal',
    variables: ({ conversationId, messageId }) => ({ conversationId, messageId, before: null }),
  },
  {
    document: sending,
    as: 'dr-osman',
    variables: ({ conversationId, messageId }) => ({
      conversationId,
      clientMessageId: '6a0c8f3e-0d5b-4c64-9d0b-0d6f6f6a0001',
      body: 'How did the night go?',
      messageId,
    }),
  },
  {
    document: manners,
    as: 'amal',
    variables: ({ conversationId, beforeLastId, urgentId }) => ({
      conversationId,
      messageId: beforeLastId,
      urgentId,
    }),
  },
  { document: following, as: 'amal', variables: ({ beginning }) => ({ after: beginning }) },
  {
    document: watching,
    as: 'amal',
    variables: ({ conversationId, doctorId }) => ({ conversationId, doctorId }),
  },
  { document: signalling, as: 'dr-osman', variables: ({ conversationId }) => ({ conversationId }) },
  { document: people, as: 'dr-osman', variables: ({ userId }) => ({ userId }) },
  {
    document: groups,
    as: 'dr-osman',
    variables: ({ groupId, colleagueId, patientId }) => ({ groupId, colleagueId, patientId }),
  },
  { document: platform, as: 'platform', variables: () => ({}) },
  {
    document: refusals,
    as: 'pieter',
    variables: ({ closedId, unrelatedId, conversationId }) => ({
      closedId,
      clientMessageId: '6a0c8f3e-0d5b-4c64-9d0b-0d6f6f6a0002',
      unrelatedId,
      somebodyElsesId: conversationId,
    }),
  },
]

/** GraphiQL's tabs, by theme, each with the token of the person whom it fits and with ids of this database. */
export async function demoExplorer(services: Services, rules: TokenRules): Promise<Explorer> {
  const tokens: Record<string, string> = {}
  for (const { externalId } of demoPeople) {
    const token = await signToken(rules, externalId)
    if (token !== null) tokens[externalId] = token
  }
  const places = await findPlaces(services)
  return {
    tabs: demoTabs.map(({ document, as, variables }) => ({
      query: document,
      variables: JSON.stringify(variables(places), null, 2),
      headers: headersFor(as, demoPeople, tokens),
    })),
    tokens,
  }
}
