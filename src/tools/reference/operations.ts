import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isInputObjectType,
  isObjectType,
  isUnionType,
} from 'graphql'
import { fieldTables } from './fields.js'
import { inputRow, linked, prose, table } from './markdown.js'

type Field = GraphQLField<unknown, unknown>

/** A root field and which operation it belongs to. */
export interface Operation {
  readonly kind: 'query' | 'mutation' | 'subscription'
  readonly field: Field
}

/** The types that are described where their one mutation is: its input, its payload, its union of results. */
export function ownTypes({ kind, field }: Operation): GraphQLNamedType[] {
  if (kind !== 'mutation') return []
  const result = getNamedType(field.type)
  return [
    ...field.args.map(({ type }) => getNamedType(type)).filter(isInputObjectType),
    result,
    ...payloadsOf(result),
  ]
}

function payloadsOf(result: GraphQLNamedType): GraphQLObjectType[] {
  if (!isUnionType(result)) return []
  return result.getTypes().filter((type) => !isError(type))
}

export function isError(type: GraphQLNamedType): boolean {
  return isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Error')
}

/** One operation: what it takes, what it answers, and for a mutation what may be refused. */
export function describeOperation(operation: Operation, described: ReadonlySet<string>): string[] {
  const { kind, field } = operation
  const lines = [`### ${kind} ${field.name}`, '', prose(field.description), '']
  const input = field.args.map(({ type }) => getNamedType(type)).find(isInputObjectType)
  if (kind === 'mutation' && input) {
    const rows = Object.values(input.getFields()).map((each) => inputRow(each, described))
    lines.push(`Takes \`${input.name}!\` as \`input\`. ${prose(input.description)}`, '')
    lines.push(...table(['input', 'type', 'meaning'], rows))
  } else {
    lines.push(
      ...table(
        ['argument', 'type', 'meaning'],
        field.args.map((each) => inputRow(each, described)),
      ),
    )
  }
  const result = getNamedType(field.type)
  if (!isUnionType(result) || kind !== 'mutation')
    return [...lines, `Gives ${linked(field.type, described)}.`, '']
  for (const payload of payloadsOf(result)) {
    lines.push(`Answers \`${payload.name}\`. ${prose(payload.description)}`, '')
    lines.push(...fieldTables(payload, described))
  }
  const errors = result.getTypes().filter(isError)
  if (errors.length === 0) return lines
  return [...lines, `Or refuses: ${errors.map((type) => linked(type, described)).join(', ')}.`, '']
}
