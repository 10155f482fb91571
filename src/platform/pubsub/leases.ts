import type { ChainableCommander, Redis, Result } from 'ioredis'
import { z } from 'zod'
import type { RedisLink } from './redis.js'

/** The lease of a key that runs longest. */
export interface LastLease {
  /** In milliseconds; negative: it ran out that long ago (known for a day). */
  readonly left: number
  /** When it runs out, or ran out, by the store's clock. */
  readonly endsAt: Date
}

/**
 * What somebody holds for a while and has to renew. A key may have several holders; what is known of it is how long the
 * longest of its leases still runs. For signals only: whatever is held may be forgotten at any time.
 */
export interface Leases {
  /** Takes or renews a lease on each of these keys. Rejects where the store is away. */
  hold(keys: readonly string[], holder: string, milliseconds: number): Promise<void>
  /** Gives the leases back. Rejects where the store is away. */
  release(keys: readonly string[], holder: string): Promise<void>
  /** How long each key is still held, or since when it no longer is; null: nobody holds it. Rejects where the store is away. */
  last(keys: readonly string[]): Promise<(LastLease | null)[]>
  /** Forgets the leases of these keys that have run out. Rejects where the store is away. */
  forgetLapsed(keys: readonly string[]): Promise<void>
  /** Called when what is held may have been forgotten: hold it again. */
  onForgotten(listener: () => void): void
}

const keptMilliseconds = 24 * 3600_000

/** Leases in Redis where there is one, seen by every node; else within this process. */
export function createLeases(redis: RedisLink | null): Leases {
  return redis === null ? localLeases() : redisLeases(redis)
}

function localLeases(): Leases {
  const until = new Map<string, Map<string, number>>()
  return {
    hold: async (keys, holder, milliseconds) => {
      for (const key of keys) {
        const holders = until.get(key) ?? new Map<string, number>()
        until.set(key, holders.set(holder, Date.now() + milliseconds))
      }
    },
    release: async (keys, holder) => {
      for (const key of keys) {
        const holders = until.get(key)
        holders?.delete(holder)
        if (holders?.size === 0) until.delete(key)
      }
    },
    last: async (keys) =>
      keys.map((key) => {
        const holders = until.get(key)
        if (!holders) return null
        const endsAt = Math.max(...holders.values())
        return { left: endsAt - Date.now(), endsAt: new Date(endsAt) }
      }),
    // Whoever holds one here renews it, as long as this process lives.
    forgetLapsed: async () => {},
    // Forgotten only together with whoever holds them.
    onForgotten: () => {},
  }
}

// Times are Redis's own, so that nodes need not agree on the clock. A lease that ran out stays for a day: it tells since when
// its holder is gone.
const holdScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
`
const lastScript = `
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if #last == 0 then return nil end
local time = redis.call('TIME')
return { last[2] - time[1] * 1000 - math.floor(time[2] / 1000), tonumber(last[2]) }
`
const forgetScript = `
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] * 1000 + math.floor(time[2] / 1000))
`

const lease = z.tuple([z.number(), z.number()]).nullable()

declare module 'ioredis' {
  interface RedisCommander<Context> {
    holdLease(key: string, holder: string, milliseconds: number, kept: number): Result<null, Context>
    lastLease(key: string): Result<[left: number, endsAt: number] | null, Context>
    forgetLapsedLeases(key: string): Result<null, Context>
  }
}

function redisLeases(link: RedisLink): Leases {
  const redis = link.connect({ isSubscriber: false })
  redis.defineCommand('holdLease', { numberOfKeys: 1, lua: holdScript })
  redis.defineCommand('lastLease', { numberOfKeys: 1, lua: lastScript })
  redis.defineCommand('forgetLapsedLeases', { numberOfKeys: 1, lua: forgetScript })
  const named = (key: string) => `parley:lease:${key}`
  return {
    hold: async (keys, holder, milliseconds) => {
      await together(redis, keys, (all, key) =>
        all.holdLease(named(key), holder, milliseconds, keptMilliseconds),
      )
    },
    release: async (keys, holder) => {
      await together(redis, keys, (all, key) => all.zrem(named(key), holder))
    },
    last: async (keys) => {
      const answers = await together(redis, keys, (all, key) => all.lastLease(named(key)))
      return answers.map((answer) => {
        const [left, endsAt] = lease.parse(answer) ?? []
        return left === undefined || endsAt === undefined ? null : { left, endsAt: new Date(endsAt) }
      })
    },
    forgetLapsed: async (keys) => {
      await together(redis, keys, (all, key) => all.forgetLapsedLeases(named(key)))
    },
    onForgotten: (listener) => {
      redis.on('ready', listener)
    },
  }
}

/** One command for each key, in one round trip; each key is a command of its own, so that a cluster may hold them apart. */
async function together(
  redis: Redis,
  keys: readonly string[],
  add: (all: ChainableCommander, key: string) => ChainableCommander,
): Promise<unknown[]> {
  if (keys.length === 0) return []
  const all = redis.pipeline()
  for (const key of keys) add(all, key)
  const answers = (await all.exec()) ?? []
  return answers.map(([error, answer]) => {
    if (error) throw error
    return answer
  })
}
