import {
  buildSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
} from 'graphql'
import { expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.js'

interface Described {
  readonly name: string
  readonly description?: string | null | undefined
}

/** The coordinates of whatever a schema does not explain: no description, one word, or only its own name again. */
function unexplained(of: GraphQLSchema): string[] {
  const types = Object.values(of.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  )
  const directives = of.getDirectives().filter((directive) => !isSpecifiedDirective(directive))
  return [
    ...types.flatMap((type) => [...find(type.name, type), ...ofMembers(type)]),
    ...directives.flatMap((directive) => [
      ...find(`@${directive.name}`, directive),
      ...directive.args.flatMap((arg) => find(`@${directive.name}(${arg.name}:)`, arg)),
    ]),
  ]
}

function ofMembers(type: GraphQLNamedType): string[] {
  if (isEnumType(type)) return type.getValues().flatMap((value) => find(`${type.name}.${value.name}`, value))
  if (isInputObjectType(type))
    return Object.values(type.getFields()).flatMap((field) => find(`${type.name}.${field.name}`, field))
  if (!isObjectType(type) && !isInterfaceType(type)) return []
  return Object.values(type.getFields()).flatMap((field) => [
    ...find(`${type.name}.${field.name}`, field),
    ...field.args.flatMap((arg) => find(`${type.name}.${field.name}(${arg.name}:)`, arg)),
  ])
}

function find(coordinate: string, { name, description }: Described): string[] {
  const words = (description ?? '').match(/[\p{L}\p{N}]+/gu) ?? []
  const says = words.filter((word) => !['the', 'a', 'an', 'of'].includes(word.toLowerCase()))
  const isNameAgain = says.join('').toLowerCase() === name.replace(/_/g, '').toLowerCase()
  return words.length < 2 || isNameAgain ? [coordinate] : []
}

test('every type, field, argument, input field and enum value says what it means', () => {
  expect(unexplained(schema)).toEqual([])
})

test('what is not explained is found', () => {
  const poor = buildSchema(`
    "A thing with a name."
    type Thing { "What it is called." name(short: Boolean): String "The size." size: Int color: Color! }
    enum Color { "Like blood." RED "" BLUE }
    input Filter { "Filter" by: String }
    union Any = Thing
    scalar Day
    "Says who."
    directive @by(who: String) on FIELD
    "What can be read."
    type Query { "All of them." things(filter: Filter): [Thing] }`)
  expect(unexplained(poor)).toEqual([
    'Thing.name(short:)',
    'Thing.size',
    'Thing.color',
    'Color',
    'Color.BLUE',
    'Filter',
    'Filter.by',
    'Any',
    'Day',
    'Query.things(filter:)',
    '@by(who:)',
  ])
})
