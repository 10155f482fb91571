import type { GraphQLInterfaceType, GraphQLObjectType } from 'graphql'
import { inputRow, linked, prose, table } from './markdown.js'

/** The fields of a type, and below them the arguments of those that take some. */
export function fieldTables(
  type: GraphQLObjectType | GraphQLInterfaceType,
  described: ReadonlySet<string>,
): string[] {
  const fields = Object.values(type.getFields())
  const rows = fields.map((field) => [
    `\`${field.name}\``,
    linked(field.type, described),
    prose(field.description),
  ])
  const lines = table(['field', 'type', 'meaning'], rows)
  for (const field of fields.filter(({ args }) => args.length > 0)) {
    lines.push(`\`${field.name}\` takes`, '')
    lines.push(
      ...table(
        ['argument', 'type', 'meaning'],
        field.args.map((each) => inputRow(each, described)),
      ),
    )
  }
  return lines
}
