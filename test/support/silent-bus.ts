import type { Bus } from '../../src/platform/pubsub/pubsub.js'

/** A bus that loses everything: only the sweep is left. */
export const silentBus: Bus = {
  publish: () => {},
  subscribe: () => {},
}
