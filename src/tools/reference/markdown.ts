import {
  astFromValue,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isScalarType,
  isUnionType,
  print,
} from 'graphql'

/** A description on one line; the bar would end a cell of a table. */
export function prose(description: string | null | undefined): string {
  return (description ?? '').replace(/\s*\n\s*/g, ' ').replace(/\|/g, '\\|')
}

export function kindOf(type: GraphQLNamedType): string {
  if (isScalarType(type)) return 'scalar'
  if (isEnumType(type)) return 'enum'
  if (isUnionType(type)) return 'union'
  if (isInterfaceType(type)) return 'interface'
  return isInputObjectType(type) ? 'input' : 'type'
}

/** A heading's address, as GitHub makes it of the kind and the name: they contain letters and digits alone. */
export function anchorOf(kind: string, name: string): string {
  return `#${kind}-${name.toLowerCase()}`
}

/** The type as it stands in the schema, with a link to where it is described; the specification's own have none. */
export function linked(type: GraphQLType, described: ReadonlySet<string>): string {
  const named = getNamedType(type)
  const text = `\`${String(type)}\``
  return described.has(named.name) ? `[${text}](${anchorOf(kindOf(named), named.name)})` : text
}

/** Rows of a table, or nothing where there are none. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  return [
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
  ]
}

/** A row for an argument or an input's field. */
export function inputRow(
  { name, type, description, defaultValue }: GraphQLArgument | GraphQLInputField,
  described: ReadonlySet<string>,
): string[] {
  const value = defaultValue === undefined ? null : astFromValue(defaultValue, type)
  const fallback = value ? ` = \`${print(value)}\`` : ''
  return [`\`${name}\``, `${linked(type, described)}${fallback}`, prose(description)]
}
