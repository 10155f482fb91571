import type { Plugin } from 'graphql-yoga'
import type { GraphContext } from '../graphql/context.js'

/**
 * Whoever follows something over HTTP is there as long as that lasts. Not whoever merely could: many clients accept event
 * streams with every query.
 */
export function useStreamPresence(): Plugin<GraphContext> {
  return {
    onSubscribe: ({ args }) => {
      const { gone, presence, viewer }: GraphContext = args.contextValue
      // A socket is there from its first word on.
      if (gone === null || gone.aborted) return
      gone.addEventListener('abort', presence.connect(viewer.id), { once: true })
    },
  }
}
