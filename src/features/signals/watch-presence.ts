import type { StreamContext } from '../stream/subscribe.js'
import { away, type Presence } from './presence.js'
import { type Reading, SignalStream } from './signal-stream.js'

/**
 * The presence of these people: the present state of each whom the viewer may see, then every change. Whoever may no longer be
 * seen is told of once more, as away since nobody knows when.
 */
export function watchPresence(ctx: StreamContext, userIds: readonly string[]): SignalStream<Presence> {
  return new SignalStream<Presence>(ctx, userIds, {
    watch: (changed) => {
      const stops = userIds.map((userId) => ctx.presence.watch(userId, changed))
      return () => {
        for (const stop of stops) stop()
      }
    },
    read: async (changed) => {
      const keys = changed.map((userId) => ({ viewerId: ctx.viewer.id, userId }))
      const states = await Promise.all(keys.map((key) => ctx.signals.presences.load(key)))
      return new Map(
        changed.map((userId, index): [string, Reading<Presence>] => {
          const state = states[index]
          if (!state) return [userId, { signal: away(userId), text: '', isNothing: true }]
          const { isGuess, ...signal } = state
          return [userId, { signal, text: JSON.stringify(signal), isGuess }]
        }),
      )
    },
  })
}
