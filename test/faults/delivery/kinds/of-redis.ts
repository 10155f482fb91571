import { type Kind, type Stage, time } from './kind.js'

/** Redis away, standing still, slow, and the ways to it. Delivery then lives by the sweep. */
export const redisKinds: readonly Kind[] = [
  {
    name: 'Redis killed, back empty',
    takes: ['redis'],
    needsRedis: true,
    run: ({ ground, random }) => ground.restartRedis(time(random, 500, 4000)),
  },
  {
    name: 'Redis paused (CLIENT PAUSE)',
    takes: ['redis'],
    needsRedis: true,
    run: async ({ ground, random }) => {
      const milliseconds = random.between(2000, 5000)
      await ground.redis?.pause(milliseconds)
      await time(random, milliseconds, milliseconds)
    },
  },
  {
    name: 'Redis frozen (SIGSTOP)',
    takes: ['redis'],
    needsRedis: true,
    run: async ({ ground, random }) => {
      ground.redis?.signal('SIGSTOP')
      await time(random, 2000, 5000)
      ground.redis?.signal('SIGCONT')
    },
  },
  {
    name: 'Redis slow',
    takes: ['redis link'],
    needsRedis: true,
    run: async (stage) => {
      for (const link of links(stage)) link.delayMilliseconds = stage.random.between(200, 1500)
      await time(stage.random, 3000, 5000)
      for (const link of links(stage)) link.heal(true)
    },
  },
  {
    name: 'Redis connections cut',
    takes: ['redis link'],
    needsRedis: true,
    run: async (stage) => {
      for (const link of links(stage)) link.cut()
    },
  },
  {
    name: 'Redis blackholed',
    takes: ['redis link'],
    needsRedis: true,
    run: async (stage) => {
      for (const link of links(stage)) link.set('swallow')
      await time(stage.random, 2000, 5000)
      // The subscriber's connection stays silent for ever: from now on this run has hints of nobody, until the next cut.
      for (const link of links(stage)) link.heal(false)
    },
  },
]

function links({ ground }: Stage) {
  return ground.nodes.flatMap(({ around }) => around.redis ?? [])
}
