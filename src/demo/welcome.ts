import type { TokenRules } from '../http/authenticate.js'
import { demoPeople } from './people.js'
import { signToken } from './tokens.js'

/** What an unconfigured start prints: where to go, and who to be. */
export async function welcome(url: string | null, rules: TokenRules): Promise<string> {
  const rows = await Promise.all(
    demoPeople.map(async (person) => ({
      name: person.externalId,
      role: person.role,
      shown: person.displayName,
      token: (await signToken(rules, person.externalId)) ?? '(tokens come from your identity provider)',
    })),
  )
  const widest = (pick: (row: (typeof rows)[number]) => string) =>
    Math.max(...rows.map((row) => pick(row).length))
  const [name, role] = [widest((row) => row.name), widest((row) => row.role)]
  return [
    '',
    `  GraphiQL  ${url}/graphql   (a token is filled in)`,
    '',
    '  People, and a token for each, good for a week:  Authorization: Bearer …',
    '',
    ...rows.map((row) => `  ${row.name.padEnd(name)}  ${row.role.padEnd(role)}  ${row.token}`),
    '',
    '  Ctrl-C stops everything; the data stays in the data directory.',
    '',
  ].join('\n')
}
