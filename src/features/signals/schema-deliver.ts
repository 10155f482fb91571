import type { GraphContext } from '../../graphql/context.js'
import { presentUser } from '../people/read.js'
import type { SignalEvent, SignalStream } from './signal-stream.js'

/**
 * A stream of signals as GraphQL delivers it, each resolved as of when it is sent. `prime` makes known what was read for all
 * watchers together, so that no watcher reads it again.
 */
export function deliver<Signal>(
  ctx: GraphContext,
  stream: SignalStream<Signal>,
  prime: (signal: Signal) => Promise<void>,
): AsyncIterableIterator<SignalEvent<Signal>> {
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      const result = await stream.next()
      ctx.loaders.clear()
      if (!result.done && result.value.kind === 'signal') await prime(result.value.signal)
      return result
    },
    return: () => stream.return(),
  }
}

/** Reads these people together with those of other watchers; what can't be read now the resolver asks for itself. */
export async function primeUsers(ctx: GraphContext, userIds: readonly string[]): Promise<void> {
  await Promise.all(
    userIds.map(async (id) => {
      const user = await ctx.signals.users.load(id).catch(() => null)
      if (user) ctx.loaders.prime(presentUser, id, user)
    }),
  )
}
