import { type Kind, type Stage, time } from './kind.js'

/** The way between clients and nodes. */
export const clientKinds: readonly Kind[] = [
  {
    name: 'clients cut (both nodes)',
    takes: ['front'],
    run: async (stage) => {
      for (const front of fronts(stage)) front.cut()
    },
  },
  {
    name: 'clients blackholed, then reset (one node)',
    takes: ['front'],
    run: async ({ ground, random }, node) => {
      const { front } = ground.node(node).around
      front.set('swallow')
      await time(random, 2000, 5000)
      front.heal(true)
    },
  },
  {
    name: 'clients half open for ever (one node)',
    takes: ['front'],
    lingers: true,
    run: async ({ ground, random }, node) => {
      const { front } = ground.node(node).around
      front.set('swallow')
      await time(random, 500, 2000)
      front.heal(false)
    },
  },
  {
    name: 'clients stalled (both nodes)',
    takes: ['front'],
    run: async (stage) => {
      for (const front of fronts(stage)) front.set('hold')
      await time(stage.random, 2000, 5000)
      for (const front of fronts(stage)) front.heal(true)
    },
  },
  {
    name: 'clients delayed (both nodes)',
    takes: ['front'],
    run: async (stage) => {
      for (const front of fronts(stage)) front.delayMilliseconds = stage.random.between(200, 1000)
      await time(stage.random, 3000, 5000)
      for (const front of fronts(stage)) front.heal(true)
    },
  },
  {
    name: 'clients sliced (both nodes)',
    takes: ['front'],
    run: async (stage) => {
      for (const front of fronts(stage)) front.largestPiece = 7
      await time(stage.random, 2000, 4000)
      for (const front of fronts(stage)) front.heal(true)
    },
  },
]

function fronts({ ground }: Stage) {
  return ground.nodes.map(({ around }) => around.front)
}
