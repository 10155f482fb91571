import type { DocumentNode, FieldNode, FragmentDefinitionNode, SelectionSetNode } from 'graphql'

/** How many a list gives where no page is asked for. */
const usualList = 20
const largestPage = 100
/** Lists that give more than one where their field names no size. */
const sizes = new Map([
  ['participants', usualList],
  ['receipts', usualList],
  ['messageWindow', 50],
])

/**
 * How many fields an operation could give at most: each field counts once for every element of the lists around it, and
 * a list has as many as its `first`, `last` or `size` asks for. Worked out before anything runs.
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
  const known = new Map<string, number>()
  const costOfSet = (set: SelectionSetNode | undefined): number => {
    let sum = 0
    for (const selection of set?.selections ?? []) {
      if (selection.kind === 'Field')
        sum += 1 + pageOf(selection, variables) * costOfSet(selection.selectionSet)
      else if (selection.kind === 'InlineFragment') sum += costOfSet(selection.selectionSet)
      else {
        const name = selection.name.value
        const cost = known.get(name) ?? costOfSet(fragments.get(name)?.selectionSet)
        known.set(name, cost)
        sum += cost
      }
    }
    return sum
  }
  const operation = document.definitions.find(
    (definition) =>
      definition.kind === 'OperationDefinition' &&
      (operationName === undefined || definition.name?.value === operationName),
  )
  return operation?.kind === 'OperationDefinition' ? costOfSet(operation.selectionSet) : 0
}

function pageOf(field: FieldNode, variables: Record<string, unknown>): number {
  const named = (name: string) => field.arguments?.find((argument) => argument.name.value === name)?.value
  const value = named('first') ?? named('last') ?? named('size')
  const unsized = sizes.get(field.name.value)
  if (value?.kind === 'IntValue') return pageSize(Number(value.value))
  if (value?.kind === 'Variable') {
    const given = variables[value.name.value]
    return typeof given === 'number' ? pageSize(given) : (unsized ?? usualList)
  }
  const ids = named('ids')
  if (ids?.kind === 'ListValue') return ids.values.length
  if (ids?.kind === 'Variable') {
    const given = variables[ids.name.value]
    return Array.isArray(given) ? given.length : 1
  }
  return unsized ?? 1
}

/** A larger page than any list gives is refused by the list itself, with INVALID_INPUT. */
function pageSize(asked: number): number {
  return Math.min(Math.max(asked, 0), largestPage)
}
