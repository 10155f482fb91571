import { setTimeout as sleep } from 'node:timers/promises'
import { rowIdOf } from '../cast.js'
import { type Kind, time } from './kind.js'

const mute =
  'mutation ($input: MuteConversationInput!) { muteConversation(input: $input) { ... on Error { code } } }'
/** More than a node's pool has connections. */
const slowTransactions = 48

/** PostgreSQL restarted, its connections lost, its rows held, a node's pool exhausted. */
export const postgresKinds: readonly Kind[] = [
  {
    name: 'PostgreSQL restarted (immediate)',
    takes: ['postgres'],
    run: ({ ground, random }) => ground.restartPostgres(time(random, 0, 3000)),
  },
  {
    name: 'PostgreSQL ends all connections',
    takes: ['postgres'],
    run: async ({ ground, note }) => {
      const ended = await ground.postgres.asAdmin(async (admin) => {
        const { rowCount } = await admin.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
        )
        return rowCount ?? 0
      })
      if (ended > 0) note('backends ended by pg_terminate_backend')
    },
  },
  {
    name: 'PostgreSQL connections cut',
    takes: ['database link'],
    run: async ({ ground }) => {
      for (const { around } of ground.nodes) around.database.cut()
    },
  },
  {
    name: 'PostgreSQL out of reach for a while (one node)',
    takes: ['database link'],
    run: async ({ ground, random }, node) => {
      const { database } = ground.node(node).around
      database.set('hold')
      await time(random, 2000, 6000)
      database.heal(true)
    },
  },
  {
    name: 'PostgreSQL connections go silent for ever (one node)',
    takes: ['database link'],
    lingers: true,
    run: async ({ ground, random }, node) => {
      const { database } = ground.node(node).around
      database.set('swallow')
      await time(random, 1000, 3000)
      database.heal(false)
    },
  },
  {
    name: 'PostgreSQL slow (one node)',
    takes: ['database link'],
    run: async ({ ground, random }, node) => {
      const { database } = ground.node(node).around
      database.delayMilliseconds = random.between(50, 300)
      await time(random, 2000, 5000)
      database.heal(true)
    },
  },
  {
    name: 'hot rows locked by an outsider',
    takes: ['postgres'],
    run: ({ ground, cast, random, note }) =>
      ground.postgres.asAdmin(async (admin) => {
        await admin.query('BEGIN')
        const groups = cast.groups.map(({ id }) => rowIdOf(id))
        await admin.query('SELECT 1 FROM conversations WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE', [
          groups,
        ])
        const streams = cast.receivers.map(({ rowId }) => rowId)
        await admin.query(
          'SELECT 1 FROM user_streams WHERE user_id = ANY ($1::uuid[]) ORDER BY user_id FOR UPDATE',
          [streams],
        )
        note('hot rows held')
        // Longer than a lock is waited for, and than a statement may take.
        await time(random, 3000, 7000)
        await admin.query('ROLLBACK')
      }),
  },
  {
    name: 'pool exhausted by slow transactions (one node)',
    takes: ['postgres', 'node'],
    run: ({ ground, api, cast, random, note }, node) =>
      ground.postgres.asAdmin(async (admin) => {
        await admin.query('BEGIN')
        const people = cast.receivers.map(({ rowId }) => rowId)
        await admin.query(
          'SELECT 1 FROM participants WHERE user_id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE',
          [people],
        )
        for (let index = 0; index < slowTransactions; index++) {
          const person = random.pick(cast.receivers)
          const [conversationId] = person.conversationIds
          const input = { conversationId, until: new Date(Date.now() + 3600_000).toISOString() }
          void api.ask(person.name, node, mute, { input })
        }
        await sleep(1000)
        const { rows } = await admin.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM pg_stat_activity WHERE client_port = ANY ($1::int[]) AND wait_event_type = 'Lock'`,
          [ground.node(node).around.database.upstreamPorts],
        )
        if ((rows[0]?.count ?? 0) >= 10) note('pool full of waiting transactions')
        await time(random, 1500, 4000)
        await admin.query('ROLLBACK')
      }),
  },
]
