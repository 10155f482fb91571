import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type SubscriptionArgs,
} from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import { executor } from './shared-execution.js'

/**
 * graphql-js runs operations: a tenth cheaper for Node here than the engine's own executor, whose extras we don't use. What an
 * event gives is executed once for all who ask the same of it.
 */
export function useGraphqlJs(): Plugin {
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe),
  }
}

async function subscribe(
  args: SubscriptionArgs & ExecutionArgs,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const source = await createSourceEventStream(args)
  return isAsyncIterable(source) ? mapped(source, executor(args)) : source
}

/** The results of a source's events, one at a time; ends, and is ended, with it. */
function mapped(
  source: AsyncIterable<unknown>,
  execute: (event: unknown) => Promise<ExecutionResult> | ExecutionResult,
): AsyncIterableIterator<ExecutionResult> {
  const events = source[Symbol.asyncIterator]()
  const end = async (): Promise<IteratorResult<ExecutionResult>> => {
    await events.return?.()
    return { done: true, value: undefined }
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      const event = await events.next()
      if (event.done) return { done: true, value: undefined }
      try {
        return { done: false, value: await execute(event.value) }
      } catch (error) {
        await end()
        throw error
      }
    },
    return: end,
  }
}
