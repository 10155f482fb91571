import { type ExecutionResult, GraphQLError } from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import type { GraphContext } from './context.js'
import { badRequest, publicError } from './failures.js'

/** Turns every error of an operation, and of each event of a subscription, into what a client may know of it. */
export function useMasking(): Plugin<GraphContext> {
  const mask = (result: ExecutionResult, ctx: GraphContext): ExecutionResult | null =>
    result.errors
      ? {
          ...result,
          errors: result.errors.map((error: GraphQLError) => publicError(error, ctx.requestId, ctx.log)),
        }
      : null
  return {
    onParse:
      () =>
      ({ result, replaceParseResult }) => {
        if (result instanceof GraphQLError) replaceParseResult(badRequest(result))
      },
    onValidate:
      () =>
      ({ result, setResult }) => {
        if (result.length > 0) setResult(result.map((error) => badRequest(error)))
      },
    // Yoga marks errors of documents as such, and would answer them with 200 to whoever asks for plain JSON.
    onResultProcess: ({ result }) => {
      for (const one of Array.isArray(result) ? result : [result]) {
        if (isAsyncIterable(one)) continue
        for (const { extensions } of one.errors ?? []) if (extensions?.http) extensions.http.spec = false
      }
    },
    onExecute: ({ args }) => ({
      onExecuteDone: ({ result, setResult }) => {
        if (isAsyncIterable(result)) return
        const masked = mask(result, args.contextValue)
        if (masked) setResult(masked)
      },
    }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: ({ result, setResult }) => {
        if (!isAsyncIterable(result)) {
          const masked = mask(result, args.contextValue)
          if (masked) setResult(masked)
          return
        }
        return {
          onNext: ({ result: event, setResult: setEvent }) => {
            const masked = mask(event, args.contextValue)
            if (masked) setEvent(masked)
          },
        }
      },
    }),
  }
}
