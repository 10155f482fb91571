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
        if (result.length > 0) setResult(result.map(badRequest))
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
