import type { GraphContext } from '../../graphql/context.js'
import type { SignalEvent, SignalStream } from './signal-stream.js'

/**
 * A stream of signals as GraphQL delivers it, each resolved as of when it is sent. `open` reads what belongs to a signal; null:
 * the viewer may no longer see that, and the signal is passed over.
 */
export function deliver<Signal, Opened>(
  ctx: GraphContext,
  stream: SignalStream<Signal>,
  open: (signal: Signal) => Promise<Opened | null>,
): AsyncIterableIterator<SignalEvent<Opened>> {
  const next = async (): Promise<IteratorResult<SignalEvent<Opened>>> => {
    for (;;) {
      const { done, value: event } = await stream.next()
      if (done) return { done: true, value: undefined }
      if (event.kind === 'failed') return { done: false, value: event }
      ctx.loaders.clear()
      try {
        const signal = await open(event.signal)
        if (signal !== null) return { done: false, value: { kind: 'signal', signal } }
      } catch (error) {
        await stream.return()
        return { done: false, value: { kind: 'failed', error } }
      }
    }
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next,
    return: async () => {
      await stream.return()
      return { done: true, value: undefined }
    },
  }
}
