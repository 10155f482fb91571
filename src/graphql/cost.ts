import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  OperationDefinitionNode,
  SelectionSetNode,
  ValueNode,
} from 'graphql'

/** How many a list gives where nobody can tell what was asked for; its field then refuses it. */
const usualList = 20
const largestPage = 256
/** Lists that give more than one where their field names no size: what they usually give, some of them, and not the most. */
const sizes = new Map([
  ['participants', usualList],
  ['pinnedMessages', 10],
  ['reactions', 5],
  ['users', 10],
  ['mentions', 5],
  ['acknowledgements', 10],
  ['receipts', 50],
  ['messageWindow', 50],
])
/** What leads back to where it stands, by way of a message's conversation: within itself it counts as the most that it gives. */
const recursive = new Map([['pinnedMessages', 50]])
/** What a search costs beside its page: it looks at up to 2,000 conversations and opens their titles. */
const search = 25_000
const pageArguments = ['first', 'last', 'size']
const listArguments = ['ids', 'userIds']

/** Whether a field's filter asks for a search. */
type IsSearch = (field: FieldNode) => boolean

/** What an argument comes to: a number, the length of a list, or null where it is left out or null. */
type SizeIn = (field: FieldNode, argument: string) => number | null

/**
 * How many fields an operation could give at most: each field counts once for every element of the lists around it, and
 * a list has as many as its `first`, `last` or `size` asks for; a search counts for what it looks at. Worked out before
 * anything runs.
 */
export function costOf(
  document: DocumentNode,
  operationName: string | undefined,
  variables: Record<string, unknown>,
): number {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === 'FragmentDefinition') fragments.set(definition.name.value, definition)
  }
  const operation = document.definitions.find(
    (definition) =>
      definition.kind === 'OperationDefinition' &&
      (operationName === undefined || definition.name?.value === operationName),
  )
  if (operation?.kind !== 'OperationDefinition') return 0
  const sizeIn = valuesIn(operation, variables)
  const isSearch = searchesIn(operation, variables)
  const isQuery = operation.operation === 'query'
  const known = new Map<string, number>()
  const costOfSet = (set: SelectionSetNode | undefined, within: string): number => {
    let sum = 0
    for (const selection of set?.selections ?? []) {
      if (selection.kind === 'Field') {
        const name = selection.name.value
        const page = name === within ? (recursive.get(name) ?? 1) : pageOf(selection, isQuery, sizeIn)
        const held = costOfSet(selection.selectionSet, recursive.has(name) ? name : within)
        sum += 1 + (isSearch(selection) ? search : 0) + page * held
      } else if (selection.kind === 'InlineFragment') sum += costOfSet(selection.selectionSet, within)
      else {
        const name = selection.name.value
        const key = `${name} ${within}`
        const cost = known.get(key) ?? costOfSet(fragments.get(name)?.selectionSet, within)
        known.set(key, cost)
        sum += cost
      }
    }
    return sum
  }
  return costOfSet(operation.selectionSet, '')
}

function pageOf(field: FieldNode, isQuery: boolean, sizeIn: SizeIn): number {
  for (const argument of pageArguments) {
    const value = sizeIn(field, argument)
    // What is larger than any list gives is refused by the list itself, with INVALID_INPUT.
    if (value !== null) return Math.min(Math.max(value, 0), largestPage)
  }
  for (const argument of listArguments) {
    const value = sizeIn(field, argument)
    // A subscription gives one at a time.
    if (value !== null) return isQuery ? value : 1
  }
  // The page of the stream, and not the updates on it.
  if (field.name.value === 'updates' && isQuery && field.arguments?.length) return 100
  return sizes.get(field.name.value) ?? 1
}

function valuesIn(operation: OperationDefinitionNode, variables: Record<string, unknown>): SizeIn {
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  )
  const valueOfNode = (node: ValueNode | undefined): number | null => {
    if (node === undefined || node.kind === 'NullValue') return null
    if (node.kind === 'IntValue') return Number(node.value)
    if (node.kind === 'ListValue') return node.values.length
    if (node.kind !== 'Variable') return usualList
    const name = node.name.value
    if (!(name in variables)) return valueOfNode(defaults.get(name))
    const given = variables[name]
    if (given === null || given === undefined) return null
    if (Array.isArray(given)) return given.length
    return typeof given === 'number' ? given : usualList
  }
  return (field, argument) => valueOfNode(field.arguments?.find(({ name }) => name.value === argument)?.value)
}

function searchesIn(operation: OperationDefinitionNode, variables: Record<string, unknown>): IsSearch {
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  )
  const isText = (node: ValueNode | undefined): boolean => {
    if (node === undefined || node.kind === 'NullValue') return false
    if (node.kind !== 'Variable') return true
    const name = node.name.value
    return name in variables ? variables[name] !== null : isText(defaults.get(name))
  }
  const hasSearch = (node: ValueNode | undefined): boolean => {
    if (node?.kind === 'ObjectValue')
      return isText(node.fields.find(({ name }) => name.value === 'search')?.value)
    if (node?.kind !== 'Variable') return false
    const given = variables[node.name.value]
    if (given === undefined) return hasSearch(defaults.get(node.name.value))
    return typeof given === 'object' && given !== null && 'search' in given && given.search !== null
  }
  return ({ arguments: given = [] }) =>
    given.some(({ name, value }) => name.value === 'filter' && hasSearch(value))
}
