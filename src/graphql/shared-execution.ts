import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  getOperationAST,
  visit,
} from 'graphql'
import type { GraphContext } from './context.js'

/** What an event offers so that one execution of a selection serves everybody whom it goes to. */
export interface Shareable {
  /** What it tells of: the same object for all who may share. */
  readonly subject: object
  /** What kind of event it is: of one kind all can be shared, or none. */
  readonly kind: string
  /** What else tells it from others of its kind and subject. */
  readonly name: string
  /** A context without a viewer: whatever asks who looks on throws NeedsViewer, and nothing is shared. */
  readonly context: () => GraphContext
  /** The event with marks in the place of what is each person's own. */
  readonly blank: object
  /** What stands in the place of each mark for this person. */
  readonly own: ReadonlyMap<unknown, unknown>
}

/** A resolver wanted to know who looks on. */
export class NeedsViewer extends Error {}

interface Shared {
  /** The one root field's response key and value. */
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
  /** Which of the value's keys hold a mark. */
  readonly marked: readonly (readonly [key: string, mark: unknown])[]
}

/** Given up on a document's selection of a kind of event that never could be shared. */
const hopeless = 8
/** Variables that take more are not worth comparing. */
const longestName = 2000

const executions = new WeakMap<object, Map<string, Promise<Shared | null>>>()
const names = new WeakMap<DocumentNode, number>()
const failures = new Map<string, number>()
const mostFailures = 10_000
let named = 0

/**
 * Executes a subscription's selection for its events: once for all who ask the same of the same event, as far as the selection
 * does not depend on who looks on. That is not declared but shown: it is executed without a viewer, and shared if nobody misses
 * one.
 */
export function executor(args: ExecutionArgs): (event: unknown) => PromiseOrValue<ExecutionResult> {
  const asked = nameOf(args)
  return (event) => {
    const alone = () => execute({ ...args, rootValue: event })
    const shareable = shareableIn(event)
    if (!shareable || asked === null) return alone()
    return share(args, shareable, asked).then((shared) =>
      shared === null ? alone() : { data: { [shared.key]: fill(shared, shareable.own) } },
    )
  }
}

/** What an event of whatever subscription offers. */
function shareableIn(event: unknown): Shareable | null {
  const { shareable } = (event ?? {}) as { readonly shareable?: Shareable | null }
  return shareable ?? null
}

type PromiseOrValue<T> = Promise<T> | T

/** What is asked, the cursor to start from aside; null where that takes too long to compare. */
function nameOf({ document, operationName, variableValues }: ExecutionArgs): string | null {
  const variables = { ...variableValues }
  const cursor = cursorVariable(document, operationName)
  if (cursor !== null) delete variables[cursor]
  let name = names.get(document)
  if (name === undefined) {
    name = named++
    names.set(document, name)
  }
  const asked = `${name}:${operationName ?? ''}:${JSON.stringify(variables)}`
  return asked.length > longestName ? null : asked
}

/** The variable that is the root field's `after` and nothing else: where one starts from changes nothing of what comes. */
function cursorVariable(document: DocumentNode, operationName: string | null | undefined): string | null {
  const root = getOperationAST(document, operationName)?.selectionSet.selections[0]
  if (root?.kind !== 'Field') return null
  const after = root.arguments?.find(({ name }) => name.value === 'after')?.value
  if (after?.kind !== 'Variable') return null
  const { value: cursor } = after.name
  let uses = 0
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => {
      if (name.value === cursor) uses += 1
    },
  })
  return uses === 1 ? cursor : null
}

function share(args: ExecutionArgs, shareable: Shareable, asked: string): Promise<Shared | null> {
  const kind = `${asked}:${shareable.kind}`
  if ((failures.get(kind) ?? 0) >= hopeless) return Promise.resolve(null)
  const name = `${kind}:${shareable.name}`
  const known = executions.get(shareable.subject) ?? new Map<string, Promise<Shared | null>>()
  executions.set(shareable.subject, known)
  const running = known.get(name) ?? executeOnce(args, shareable, kind)
  known.set(name, running)
  return running
}

async function executeOnce(
  args: ExecutionArgs,
  { context, blank, own }: Shareable,
  kind: string,
): Promise<Shared | null> {
  const { data, errors } = await execute({ ...args, contextValue: context(), rootValue: blank })
  const [field, ...others] = Object.entries(data ?? {})
  if (errors || !field || others.length > 0 || !isObject(field[1])) {
    const needsViewer = errors?.some(({ originalError }) => originalError instanceof NeedsViewer) ?? false
    // Bounded: clients of all versions ask some dozens of things.
    if (needsViewer && failures.size < mostFailures) failures.set(kind, (failures.get(kind) ?? 0) + 1)
    return null
  }
  failures.delete(kind)
  const [key, value] = field
  return { key, value, marked: Object.entries(value).filter(([, held]) => own.has(held)) }
}

function fill({ value, marked }: Shared, own: ReadonlyMap<unknown, unknown>): Record<string, unknown> {
  const filled = { ...value }
  for (const [key, mark] of marked) filled[key] = own.get(mark)
  return filled
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
