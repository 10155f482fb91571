import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
} from 'graphql'
import { fieldTables } from './fields.js'
import { anchorOf, inputRow, kindOf, linked, prose, table } from './markdown.js'
import { describeOperation, isError, type Operation, ownTypes } from './operations.js'
import { themes } from './themes.js'

const preface = `# The schema

Every query, mutation, subscription and type, in the words of the schema itself. This page is made from it by
\`npm run reference\`; [schema.graphql](../schema.graphql) is the same for programs.

\`!\` is never null, \`[…]\` is a list. Ids and cursors are opaque. Lists page as Relay's connections do: exactly one of \`first\` and
\`last\`, 1 to 100. A mutation answers with its payload or with one of the errors that it names: select
\`... on Error { code detail }\` in each, since others may be added. What remains is in \`errors[]\`, with a code from
[the README's table](../README.md#error-codes).
`

/** The whole reference, in Markdown as GitHub shows it. */
export function referenceOf(schema: GraphQLSchema): string {
  const operations = operationsOf(schema)
  const inline = new Set(operations.flatMap(ownTypes).map(({ name }) => name))
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  const types = Object.values(schema.getTypeMap()).filter(
    (type) =>
      !isIntrospectionType(type) &&
      !isSpecifiedScalarType(type) &&
      !roots.some((root) => root?.name === type.name) &&
      !inline.has(type.name),
  )
  const described = new Set(types.map(({ name }) => name))
  const chapters = [
    ...themes.map(({ title, about }) => ({
      title,
      lines: [about, '', ...themed(operations, title).flatMap((each) => describeOperation(each, described))],
      contents: themed(operations, title).map((each) => operationLink(each, operations)),
    })),
    ...kindsOfTypes.map(({ title, about, holds }) => ({
      title,
      lines: [about, '', ...types.filter(holds).flatMap((type) => describeType(type, schema, described))],
      contents: types.filter(holds).map((type) => link(kindOf(type), type.name)),
    })),
  ].filter(({ contents }) => contents.length > 0)
  return [
    preface,
    ...chapters.map(({ title, contents }) => `- **[${title}](${slug(title)})**: ${contents.join(', ')}`),
    '',
    ...chapters.flatMap(({ title, lines }) => [`## ${title}`, '', ...lines]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n')
}

const isConnection = ({ name }: GraphQLNamedType) => /(Connection|Edge)$/.test(name) || name === 'PageInfo'

const kindsOfTypes: readonly {
  readonly title: string
  readonly about: string
  readonly holds: (type: GraphQLNamedType) => boolean
}[] = [
  {
    title: 'Objects',
    about: 'What operations give.',
    holds: (type) => isObjectType(type) && !isError(type) && !isConnection(type),
  },
  { title: 'Errors', about: 'What a mutation refuses, and why.', holds: isError },
  {
    title: 'Interfaces and unions',
    about: 'What may be one of several types.',
    holds: (type) => isInterfaceType(type) || isUnionType(type),
  },
  { title: 'Inputs', about: 'What several operations take.', holds: isInputObjectType },
  { title: 'Enums', about: 'What has one of a few values.', holds: isEnumType },
  { title: 'Scalars', about: 'Texts of a certain form.', holds: isScalarType },
  { title: 'Pages', about: 'Connections, their edges, and where a page ends.', holds: isConnection },
]

function operationsOf(schema: GraphQLSchema): Operation[] {
  const roots = [
    { kind: 'query', type: schema.getQueryType() },
    { kind: 'mutation', type: schema.getMutationType() },
    { kind: 'subscription', type: schema.getSubscriptionType() },
  ] as const
  return roots.flatMap(({ kind, type }) =>
    Object.values(type?.getFields() ?? {}).map((field) => ({ kind, field })),
  )
}

function themed(operations: readonly Operation[], title: string): Operation[] {
  return operations.filter(
    ({ field }) => themes.find(({ matches }) => matches.test(field.name))?.title === title,
  )
}

function describeType(
  type: GraphQLNamedType,
  schema: GraphQLSchema,
  described: ReadonlySet<string>,
): string[] {
  const lines = [`### ${kindOf(type)} ${type.name}`, '', prose(type.description), '']
  if (isObjectType(type)) {
    const interfaces = type.getInterfaces().map((each) => linked(each, described))
    if (interfaces.length > 0) lines.push(`Implements ${interfaces.join(', ')}.`, '')
  }
  if (isObjectType(type) || isInterfaceType(type)) lines.push(...fieldTables(type, described))
  if (isInterfaceType(type) || isUnionType(type)) {
    const possible = schema.getPossibleTypes(type)
    lines.push(
      ...table(
        ['is one of', 'meaning'],
        possible.map((each) => [linked(each, described), prose(each.description)]),
      ),
    )
  }
  if (isInputObjectType(type)) {
    const rows = Object.values(type.getFields()).map((each) => inputRow(each, described))
    lines.push(...table(['input', 'type', 'meaning'], rows))
  }
  if (isEnumType(type))
    lines.push(
      ...table(
        ['value', 'meaning'],
        type.getValues().map(({ name, description }) => [`\`${name}\``, prose(description)]),
      ),
    )
  return lines
}

function link(kind: string, name: string): string {
  return `[${name}](${anchorOf(kind, name)})`
}

/** `updates` is a query and a subscription: only then does the kind stand with the name. */
function operationLink({ kind, field }: Operation, operations: readonly Operation[]): string {
  const isAlone = operations.filter((other) => other.field.name === field.name).length === 1
  return `[${isAlone ? field.name : `${kind} ${field.name}`}](${anchorOf(kind, field.name)})`
}

function slug(title: string): string {
  return `#${title.toLowerCase().replaceAll(' ', '-')}`
}
