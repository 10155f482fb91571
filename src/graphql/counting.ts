import { type DocumentNode, getOperationAST, type SelectionSetNode } from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import type { Metrics, Streaming } from '../platform/metrics/metrics.js'
import type { GraphContext } from './context.js'

/**
 * Counts operations, deliveries and, over HTTP, errors as they leave; a socket counts its errors itself, since some of its never
 * come here. To stand behind what masks errors.
 */
export function useCounting(metrics: Metrics): Plugin<GraphContext> {
  const running = new Map<string, number>()
  metrics.subscriptions(() => Object.fromEntries(running))
  return {
    onSchemaChange: ({ schema }) => {
      for (const field of Object.keys(schema.getSubscriptionType()?.getFields() ?? {}))
        if (!running.has(field)) running.set(field, 0)
    },
    onExecute: ({ args }) => {
      const type = getOperationAST(args.document, args.operationName)?.operation
      if (type !== 'query' && type !== 'mutation') return undefined
      const start = performance.now()
      return {
        onExecuteDone: () => metrics.operationSeconds(type, (performance.now() - start) / 1000),
      }
    },
    onSubscribe: ({ args }) => {
      const ctx: GraphContext = args.contextValue
      const transport: Streaming = ctx.gone === null ? 'socket' : 'sse'
      return {
        onSubscribeResult: ({ result }) => {
          if (!isAsyncIterable(result)) return undefined
          const over = begin(running, fieldOf(args.document, args.operationName ?? undefined))
          // Of a client that went before its first event nothing is asked any more.
          if (ctx.gone?.aborted) over()
          else ctx.gone?.addEventListener('abort', over, { once: true })
          return {
            onNext: ({ result: event }) => {
              if (transport === 'sse' && event.errors) tellOf(metrics, event.errors)
              if (ctx.delivering === null || !event.data) return
              metrics.deliveries(transport)
              if (!ctx.delivering.isLive) return
              const milliseconds = Date.now() - ctx.delivering.at.getTime()
              metrics.deliveryLagSeconds(transport, Math.max(0, milliseconds) / 1000)
            },
            onEnd: over,
          }
        },
      }
    },
    onResultProcess: ({ result }) => {
      for (const one of Array.isArray(result) ? result : [result])
        if (!isAsyncIterable(one) && one.errors) tellOf(metrics, one.errors)
    },
  }
}

function tellOf(
  metrics: Metrics,
  errors: readonly { readonly extensions?: Record<string, unknown> }[],
): void {
  for (const { extensions } of errors) metrics.errorTold(extensions?.code)
}

/** Counts one of a field’s subscriptions until the function that it returns is called. */
function begin(running: Map<string, number>, field: string | undefined): () => void {
  if (field === undefined) return () => {}
  running.set(field, (running.get(field) ?? 0) + 1)
  let isOver = false
  return () => {
    if (isOver) return
    isOver = true
    running.set(field, (running.get(field) ?? 1) - 1)
  }
}

/** The one field of a subscription, which has been validated. */
function fieldOf(document: DocumentNode, operationName: string | undefined): string | undefined {
  const firstOf = (selectionSet: SelectionSetNode | undefined): string | undefined => {
    const selection = selectionSet?.selections[0]
    if (selection?.kind === 'Field') return selection.name.value
    if (selection?.kind === 'InlineFragment') return firstOf(selection.selectionSet)
    const spread = document.definitions.find(
      (definition) =>
        definition.kind === 'FragmentDefinition' && definition.name.value === selection?.name.value,
    )
    return spread?.kind === 'FragmentDefinition' ? firstOf(spread.selectionSet) : undefined
  }
  return firstOf(getOperationAST(document, operationName)?.selectionSet)
}
