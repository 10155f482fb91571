import { readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { type Holdings, Inspector } from '../support/inspector.js'
import { ParleyProcess, until } from '../support/parley-process.js'
import type { Person } from '../support/person.js'
import { environmentOf, type World } from '../support/world.js'
import { Visitor } from './visitor.js'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const sockets = 200
/** A fifth of them leaves and another comes, every minute. */
const churnMilliseconds = 60_000 / (sockets / 5)
const actMilliseconds = 50

/** What a node held before its visitors came and after they left. */
export interface SoakReport {
  readonly before: Holdings & Outside
  readonly after: Holdings & Outside
  readonly visits: number
  readonly acts: number
  readonly received: number
}

interface Outside {
  readonly fileDescriptors: number
  /** Subscriptions to its channels that Redis counts. */
  readonly channels: number
  /** Its connections that PostgreSQL counts. */
  readonly connections: number
}

/** Runs a node under a world's people for some minutes. */
export async function soak(world: World, redisUrl: string, minutes: number): Promise<SoakReport> {
  const node = ParleyProcess.start(
    { ...environmentOf(world.database.connectionString, { redisUrl }), LOG_LEVEL: 'info' },
    ['--inspect=127.0.0.1:0', '--import', 'tsx', main],
  )
  const redis = new Redis(redisUrl)
  try {
    const [, origin = ''] = await node.printed(/ready url="([^"]+)"/)
    const inspector = await Inspector.attach(node)
    const rooms = await makeRooms(world)
    const visitors: Visitor[] = []
    let visits = 0
    let acts = 0
    let received = 0
    const come = () => {
      const { people, id } = rooms[visits % rooms.length] ?? { people: [], id: '' }
      const person = people[visits % people.length]
      if (!person) throw new Error('nobody to come')
      const others = people.filter((other) => other !== person).slice(0, 3)
      visitors.push(new Visitor(person, id, others, `${origin}/graphql`))
      visits += 1
    }
    const go = async () => {
      const [visitor] = visitors.splice(0, 1)
      received += visitor?.received ?? 0
      await visitor?.leave(visits % 2 === 0)
    }
    const stay = async (milliseconds: number) => {
      const end = Date.now() + milliseconds
      for (let next = Date.now() + churnMilliseconds; Date.now() < end; ) {
        const visitor = visitors[acts % visitors.length]
        await visitor?.act().catch(() => {})
        acts += 1
        if (Date.now() >= next) {
          next += churnMilliseconds
          await go()
          come()
        }
        await sleep(actMilliseconds)
      }
    }
    const allLeave = async () => {
      while (visitors.length > 0) await go()
      await until(async () => (await openSockets(origin)) === 0, 'all sockets to be closed')
      // Typing runs out by itself, and idle connections to the database are given up.
      await sleep(35_000)
    }
    const holdings = async () => ({
      ...(await inspector.holdings()),
      fileDescriptors: (await readdir(`/proc/${node.pid}/fd`)).length,
      channels: await channelsOf(redis),
      connections: await connectionsOf(world),
    })

    // Warm first: what is compiled, cached and pooled once is no leak.
    while (visitors.length < sockets) come()
    await stay(15_000)
    await allLeave()
    const before = await holdings()
    while (visitors.length < sockets) come()
    await stay(minutes * 60_000)
    await allLeave()
    const after = await holdings()
    inspector.close()
    return { before, after, visits, acts, received }
  } finally {
    redis.disconnect()
    await node.end('SIGKILL')
  }
}

interface Room {
  readonly id: string
  readonly people: readonly Person[]
}

/** Ten groups of ten: each person comes with two devices. */
async function makeRooms(world: World): Promise<Room[]> {
  const rooms: Room[] = []
  for (let room = 0; room < 10; room++) {
    const owner = await world.person('DOCTOR')
    const people = [owner]
    while (people.length < 10) people.push(await world.person('STAFF'))
    rooms.push({ id: await world.group(owner, people.slice(1)), people })
  }
  return rooms
}

async function openSockets(origin: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text()
  return Number(/^parley_sockets (\d+)/m.exec(text)?.[1])
}

async function channelsOf(redis: Redis): Promise<number> {
  const channels = (await redis.pubsub('CHANNELS', 'parley:*')) as string[]
  const counts = (await redis.pubsub('NUMSUB', ...channels)) as (string | number)[]
  return counts.reduce<number>((sum, value) => sum + (typeof value === 'number' ? value : 0), 0)
}

async function connectionsOf(world: World): Promise<number> {
  const [row] = await world.sql<{ count: number }>(
    'SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database()',
  )
  return row?.count ?? 0
}
