import { RedisPubSub } from 'graphql-redis-subscriptions'
import { PubSub, type PubSubEngine } from 'graphql-subscriptions'
import { z } from 'zod'
import type { Log } from '../log.js'
import type { RedisLink } from './redis.js'

/** What travels between nodes: ids and positions, no words of anybody. Each topic is one channel. */
export interface Topics {
  /** The heads of streams after a commit. */
  hints: (readonly [userId: string, position: number])[]
  /** A person's role or activity changed: whoever holds their connections asks again. */
  people: { readonly userId: string }
  /** Whether these people are there, or how they show it, has changed. */
  presence: { readonly userIds: readonly string[] }
  /**
   * Somebody began or stopped typing. To stop, a null stands for all: everywhere, everybody, on all devices.
   */
  typing: {
    readonly nodeId: string
    readonly conversationId: string | null
    readonly userId: string | null
    readonly deviceId: string | null
    readonly isTyping: boolean
  }
}

const hints = z.array(z.tuple([z.string(), z.int().nonnegative()]))
const people = z.object({ userId: z.string() })
const presence = z.object({ userIds: z.array(z.string()) })
const typing = z.object({
  nodeId: z.string(),
  conversationId: z.string().nullable(),
  userId: z.string().nullable(),
  deviceId: z.string().nullable(),
  isTyping: z.boolean(),
})

/** What came over the bus, or null for what is not ours: whoever else can write to Redis must not be able to end a node. */
const read: { readonly [T in keyof Topics]: (payload: unknown) => Topics[T] | null } = {
  hints: (payload) => hints.safeParse(payload).data ?? null,
  people: (payload) => people.safeParse(payload).data ?? null,
  presence: (payload) => presence.safeParse(payload).data ?? null,
  typing: (payload) => typing.safeParse(payload).data ?? null,
}

/** Tells the other nodes, as a hint: a message may be lost, and nobody may rely on it. Never throws. */
export interface Bus {
  publish<T extends keyof Topics>(topic: T, payload: Topics[T]): void
  /** Takes effect when the bus is up, at once within the process. */
  subscribe<T extends keyof Topics>(topic: T, receive: (payload: Topics[T]) => void): void
}

/** A bus over Redis where there is one, else within this process. */
export function createBus(redis: RedisLink | null, log: Log): Bus {
  if (redis === null) return engineBus(new PubSub(), log)
  const publisher = redis.connect({ isSubscriber: false })
  const subscriber = redis.connect({ isSubscriber: true })
  return engineBus(new RedisPubSub({ publisher, subscriber }), log)
}

function engineBus(engine: PubSubEngine, log: Log): Bus {
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
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
