import type { StreamContext } from '../stream/subscribe.js'
import { away, type Presence } from './presence.js'
import { unknown } from './readers.js'
import { SignalStream } from './signal-stream.js'

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
      const found = new Map<string, Presence | null>()
      for (const [index, userId] of changed.entries()) {
        const state = states[index]
        if (state !== undefined && state !== unknown) found.set(userId, state)
      }
      return found
    },
    gone: away,
  })
}
