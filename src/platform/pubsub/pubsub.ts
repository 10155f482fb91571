import { RedisPubSub } from 'graphql-redis-subscriptions'
import { PubSub, type PubSubEngine } from 'graphql-subscriptions'
import { Redis } from 'ioredis'
import { z } from 'zod'
import type { Log } from '../log.js'

/** What travels between nodes: ids and positions, no words of anybody. Each topic is one channel. */
export interface Topics {
  /** The heads of streams after a commit. */
  hints: (readonly [userId: string, position: number])[]
  /** A person's role or activity changed: whoever holds their connections asks again. */
  people: { readonly userId: string }
}

const hints = z.array(z.tuple([z.string(), z.int().nonnegative()]))
const people = z.object({ userId: z.string() })

/** What came over the bus, or null for what is not ours: whoever else can write to Redis must not be able to end a node. */
const read: { readonly [T in keyof Topics]: (payload: unknown) => Topics[T] | null } = {
  hints: (payload) => hints.safeParse(payload).data ?? null,
  people: (payload) => people.safeParse(payload).data ?? null,
}

/** Tells the other nodes, as a hint: a message may be lost, and nobody may rely on it. Never throws. */
export interface Bus extends AsyncDisposable {
  publish<T extends keyof Topics>(topic: T, payload: Topics[T]): void
  /** Takes effect when the bus is up, at once within the process. */
  subscribe<T extends keyof Topics>(topic: T, receive: (payload: Topics[T]) => void): void
}

/** A bus over Redis where there is one, else within this process. */
export function createBus(redisUrl: string | null, log: Log): Bus {
  return redisUrl === null ? engineBus(new PubSub(), log, async () => {}) : redisBus(redisUrl, log)
}

function engineBus(engine: PubSubEngine, log: Log, close: () => Promise<void>): Bus {
  const failed = (error: unknown) => log.debug({ failure: messageOf(error) }, 'a hint was not published')
  return {
    publish: (topic, payload) => {
      engine.publish(`parley:${topic}`, payload).catch(failed)
    },
    subscribe: (topic, receive) => {
      const checked = (payload: unknown) => {
        const message = read[topic](payload)
        if (message === null) log.warn({ topic }, 'a message that is not ours came over the bus')
        else receive(message)
      }
      engine.subscribe(`parley:${topic}`, checked, {}).catch((error: unknown) => {
        log.error({ failure: messageOf(error) }, 'the bus could not be subscribed to')
      })
    },
    [Symbol.asyncDispose]: close,
  }
}

function redisBus(url: string, log: Log): Bus {
  let isUp = true
  const connect = (queue: boolean): Redis => {
    const redis = new Redis(url, {
      enableOfflineQueue: queue,
      // A Redis that accepts and never answers must not gather commands.
      ...(queue ? {} : { commandTimeout: 1000 }),
      maxRetriesPerRequest: queue ? null : 0,
      retryStrategy: (times) => Math.min(times * 100, 1000),
    })
    // One line when Redis goes and one when it is back, however often the client tries.
    redis.on('error', (error) => {
      if (isUp)
        log.warn({ failure: messageOf(error) }, 'Redis is away: live delivery falls back to the sweep')
      isUp = false
    })
    redis.on('ready', () => {
      if (!isUp) log.info('Redis is back')
      isUp = true
    })
    return redis
  }
  const publisher = connect(false)
  const subscriber = connect(true)
  const engine = new RedisPubSub({ publisher, subscriber })
  return engineBus(engine, log, async () => {
    // RedisPubSub.close() would wait for a QUIT that a lost connection never answers.
    publisher.disconnect()
    subscriber.disconnect()
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
