import { setTimeout as sleep } from 'node:timers/promises'
import { type Kind, type Stage, time } from './kind.js'

const rename = `mutation ($input: UpdateGroupInput!) { updateGroup(input: $input) { ... on Error { code } } }`
const slowLinkMilliseconds = 150
const catchAttempts = 200

/** A node that is killed, stands still, or is told to leave. */
export const nodeKinds: readonly Kind[] = [
  {
    name: 'node killed',
    takes: ['node'],
    run: async ({ ground, random }, index) => {
      const node = ground.node(index)
      await node.kill()
      await time(random, 0, 1500)
      await node.start()
    },
  },
  {
    name: 'node frozen',
    takes: ['node'],
    run: async ({ ground, random }, index) => {
      const node = ground.node(index)
      node.signal('SIGSTOP')
      await time(random, 2000, 6000)
      node.signal('SIGCONT')
    },
  },
  {
    name: 'node frozen while it holds locks',
    takes: ['node', 'database link', 'postgres'],
    run: async (stage, index) => {
      const { ground, random } = stage
      const node = ground.node(index)
      // The transaction of a rare verb takes several statements: with a slow link it is easy to stop the node between two.
      node.around.database.delayMilliseconds = slowLinkMilliseconds
      for (const { id, owner } of stage.cast.groups) {
        const input = { conversationId: id, title: `A care team, ${random.between(1, 1e6)}` }
        void stage.api.ask(owner.name, index, rename, { input })
      }
      await untilIdleInTransaction(stage, index)
      node.signal('SIGSTOP')
      if ((await idleInTransaction(stage, index)) > 0) stage.note('frozen with locks held')
      node.around.database.heal(true)
      await time(random, 2500, 5000)
      node.signal('SIGCONT')
    },
  },
  {
    name: 'nodes restarted in turn (SIGTERM)',
    takes: ['both nodes'],
    run: async ({ ground }) => {
      for (const node of ground.nodes) {
        await node.stop()
        await node.start()
      }
    },
  },
]

async function untilIdleInTransaction(stage: Stage, node: number): Promise<void> {
  for (let attempt = 0; attempt < catchAttempts; attempt++) {
    if ((await idleInTransaction(stage, node)) > 0) return
    await sleep(10)
  }
}

/** How many of a node's connections stand in a transaction and wait for the node. */
function idleInTransaction({ ground }: Stage, node: number): Promise<number> {
  const ports = ground.node(node).around.database.upstreamPorts
  return ground.postgres.asAdmin(async (admin) => {
    const { rows } = await admin.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity a
        WHERE a.client_port = ANY ($1::int[]) AND a.state = 'idle in transaction'
          AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.granted AND l.mode = 'RowShareLock')`,
      [ports],
    )
    return rows[0]?.count ?? 0
  })
}
