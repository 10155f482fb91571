import type { DemoPerson } from '../types.js'

/**
 * The headers of a tab: a line for each person, all but one commented out. Where a name stands twice the last one counts,
 * so that whoever is uncommented asks.
 */
export function headersFor(
  asks: string,
  people: readonly DemoPerson[],
  tokens: Readonly<Record<string, string>>,
): string {
  const widest = Math.max(...people.map(({ externalId }) => externalId.length))
  const lineOf = ({ externalId, role }: DemoPerson) =>
    `/* ${externalId.padEnd(widest)} ${role.padEnd(9)} */ "Authorization": "Bearer ${tokens[externalId] ?? ''}",`
  const [own, others] = [
    people.filter(({ externalId }) => externalId === asks),
    people.filter(({ externalId }) => externalId !== asks),
  ]
  return [
    '{',
    ...own.map((person) => `  ${lineOf(person)}`),
    '  // To ask as somebody else, uncomment their line (Ctrl+/).',
    ...others.map((person) => `  // ${lineOf(person)}`),
    '}',
  ].join('\n')
}
