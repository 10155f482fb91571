import { type ASTNode, type DocumentNode, type ExecutionArgs, type GraphQLError, parse, visit } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { costOf } from './cost.js'
import { codedError } from './failures.js'

/** A document of more tokens is refused before it is parsed to the end: deep nesting would overflow the stack. */
const mostTokens = 2000
/** Levels of selection sets, fragments followed. */
const deepest = 15
/** Fields that an operation could give. */
const mostFields = 250_000

/** Parsed documents are cached, and so is what was found of them. */
const depths = new WeakMap<DocumentNode, number>()

/** Bounds on documents, the same on every transport. */
export function useLimits(): Plugin {
  return {
    onParse: ({ setParseFn }) => {
      setParseFn((source: string, options: object) => {
        try {
          return parse(source, { ...options, maxTokens: mostTokens })
        } catch (error) {
          // A list of lists overflows the stack before its tokens are too many.
          if (error instanceof RangeError)
            throw codedError('COST_EXCEEDED', 'The document is nested too deeply.')
          throw error
        }
      })
    },
    onValidate: ({ params, setResult }) => {
      const document = params.documentAST
      const depth = depths.get(document) ?? depthOf(document)
      depths.set(document, depth)
      if (depth > deepest)
        setResult([codedError('COST_EXCEEDED', `The document is deeper than ${deepest} levels.`)])
    },
    // Pages multiply: known only with the variables.
    onExecute: ({ args, setResultAndStopExecution }) => {
      const error = costFault(args)
      if (error) setResultAndStopExecution({ errors: [error] })
    },
    onSubscribe: ({ args, setResultAndStopExecution }) => {
      const error = costFault(args)
      if (error) setResultAndStopExecution({ errors: [error] })
    },
  }
}

function costFault({ document, operationName, variableValues }: ExecutionArgs): GraphQLError | null {
  const cost = costOf(document, operationName ?? undefined, variableValues ?? {})
  if (cost <= mostFields) return null
  return codedError(
    'COST_EXCEEDED',
    `The operation could give more than ${mostFields} fields. Ask for smaller pages.`,
  )
}

/** How deep the deepest selection of a document is, with its fragments spread; a cycle counts as too deep. */
export function depthOf(document: DocumentNode): number {
  const fragments = new Map<string, ASTNode>()
  for (const definition of document.definitions) {
    if (definition.kind === 'FragmentDefinition') fragments.set(definition.name.value, definition)
  }
  const known = new Map<string, number>()
  const measure = (root: ASTNode, spreading: ReadonlySet<string>): number => {
    let depth = 0
    let most = 0
    visit(root, {
      SelectionSet: {
        enter: () => {
          depth += 1
          most = Math.max(most, depth)
        },
        leave: () => {
          depth -= 1
        },
      },
      FragmentSpread: ({ name }) => {
        most = Math.max(most, depth + spreadDepth(name.value, spreading))
      },
    })
    return most
  }
  const spreadDepth = (name: string, spreading: ReadonlySet<string>): number => {
    const fragment = fragments.get(name)
    if (!fragment) return 0
    if (spreading.has(name)) return Number.POSITIVE_INFINITY
    const depth = known.get(name) ?? measure(fragment, new Set([...spreading, name])) - 1
    known.set(name, depth)
    return depth
  }
  const operations = document.definitions.filter((definition) => definition.kind === 'OperationDefinition')
  return Math.max(0, ...operations.map((operation) => measure(operation, new Set())))
}
