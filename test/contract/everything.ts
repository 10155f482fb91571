import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLUnionType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
} from 'graphql'

const literals: Record<string, string> = {
  ID: '"an id"',
  String: '"a text"',
  Int: '1',
  Float: '1.5',
  Boolean: 'true',
  DateTime: '"2026-01-31T09:30:00.000Z"',
  UUID: '"6a0c8f3e-0d5b-4c64-9d0b-0d6f6f6a7a01"',
  URL: '"https://parley.example/"',
}

/** Every union of a schema. */
export function unionsOf(schema: GraphQLSchema): GraphQLUnionType[] {
  return Object.values(schema.getTypeMap()).filter(isUnionType)
}

/**
 * A document that reaches the union by the shortest way from a root and selects every field of every member of it, objects
 * by their ids, without an alias; and `... on Error` where an error is among the members.
 */
export function selectEverything(schema: GraphQLSchema, union: GraphQLUnionType): string {
  const members = union.getTypes().map((member) => `... on ${member.name} { ${allFieldsOf(member)} }`)
  const hasErrors = union
    .getTypes()
    .some((member) => member.getInterfaces().some((each) => each.name === 'Error'))
  if (hasErrors) members.push('... on Error { code detail }')
  return wayTo(schema, union).reduceRight(
    (inner, step) => `${step} { ${inner} }`,
    `__typename ${members.join(' ')}`,
  )
}

function allFieldsOf(type: GraphQLObjectType): string {
  return Object.values(type.getFields())
    .map((field) => `${callOf(field)}${leafSelection(field)}`)
    .join(' ')
}

function leafSelection(field: GraphQLField<unknown, unknown>): string {
  const type = getNamedType(field.type)
  if (isLeafType(type)) return ''
  const hasId = (isObjectType(type) || isInterfaceType(type)) && 'id' in type.getFields()
  return hasId ? ' { id }' : ' { __typename }'
}

/** The operation keyword and the fields that lead to the union, outermost first. */
function wayTo(schema: GraphQLSchema, union: GraphQLUnionType): string[] {
  const roots = { query: schema.getQueryType(), mutation: schema.getMutationType() }
  const starts = { ...roots, subscription: schema.getSubscriptionType() }
  const open: { type: GraphQLObjectType; way: string[] }[] = Object.entries(starts).flatMap(([word, type]) =>
    type ? [{ type, way: [word] }] : [],
  )
  const seen = new Set<string>()
  for (let next = open.shift(); next; next = open.shift()) {
    if (seen.has(next.type.name)) continue
    seen.add(next.type.name)
    for (const field of Object.values(next.type.getFields())) {
      const type = getNamedType(field.type)
      const way = [...next.way, callOf(field)]
      if (type === union) return way
      if (isObjectType(type)) open.push({ type, way })
    }
  }
  throw new Error(`no field leads to ${union.name}`)
}

function callOf(field: GraphQLField<unknown, unknown>): string {
  const given = field.args.filter(isRequiredArgument).map(withValue)
  return given.length === 0 ? field.name : `${field.name}(${given.join(', ')})`
}

const withValue = (input: GraphQLArgument | GraphQLInputField) => `${input.name}: ${literalOf(input.type)}`

function literalOf(type: GraphQLInputType): string {
  if (isNonNullType(type)) return literalOf(type.ofType)
  if (isListType(type)) return `[${literalOf(type.ofType)}]`
  if (isEnumType(type)) return type.getValues()[0]?.name ?? 'null'
  if (isInputObjectType(type)) {
    const given = Object.values(type.getFields()).filter(isRequiredInputField)
    return `{ ${given.map(withValue).join(', ')} }`
  }
  return literals[type.name] ?? 'null'
}
