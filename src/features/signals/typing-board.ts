import { BoundedMap } from '../../platform/bounded-map.js'
import type { Bus } from '../../platform/pubsub/pubsub.js'
import { Throttle } from './throttle.js'

/** How long somebody types without saying so again. */
export const typingTimeoutSeconds = 6
/** How often a client says so again. */
export const typingResendSeconds = 3

/** Where, who, on which device; null: all of them. */
export interface TypingScope {
  readonly conversationId: string | null
  readonly userId: string | null
  readonly deviceId: string | null
}

type Devices = Map<string, NodeJS.Timeout>

const rememberedEnds = 10_000

function nameOf({ conversationId, userId, deviceId }: TypingScope): string {
  return `${conversationId}:${userId}:${deviceId}`
}

/**
 * Who types where, as far as this node has heard: every node tells all others, and what nobody repeats is over after six
 * seconds. So a node that is killed, or a hint that is lost, leaves nothing behind; it stands in no store.
 */
export class TypingBoard implements AsyncDisposable {
  private readonly conversations = new Map<string, Map<string, Devices>>()
  /** When what ended last, for a `begin` that was said before and comes after. */
  private readonly ended = new BoundedMap<string, number>(rememberedEnds)
  private readonly listeners = new Set<(conversationId: string) => void>()
  private readonly changes = new Throttle((conversationId) => {
    for (const listener of this.listeners) listener(conversationId)
  })

  constructor(
    private readonly bus: Bus,
    private readonly nodeId: string,
  ) {
    bus.subscribe('typing', (message) => {
      // What this node said, it knows: its own echo would come after what it has heard since.
      if (message.nodeId === nodeId) return
      const { conversationId, userId, deviceId } = message
      if (!message.isTyping) this.erase(message)
      else if (conversationId !== null && userId !== null && deviceId !== null)
        this.note(conversationId, userId, deviceId)
    })
  }

  /** Somebody types, for the next six seconds; unless it has ended since they said so, by what they sent meanwhile. */
  begin(conversationId: string, userId: string, deviceId: string, saidAt: number): void {
    const scopes = [
      { conversationId, userId, deviceId },
      { conversationId, userId, deviceId: null },
      { conversationId, userId: null, deviceId: null },
      { conversationId: null, userId, deviceId },
      { conversationId: null, userId, deviceId: null },
    ]
    if (scopes.some((scope) => (this.ended.get(nameOf(scope)) ?? 0) >= saidAt)) return
    this.note(conversationId, userId, deviceId)
    this.publish({ conversationId, userId, deviceId }, true)
  }

  /** It is over, whether this node was told of it or not. */
  end(scope: TypingScope): void {
    this.ended.set(nameOf(scope), performance.now())
    this.erase(scope)
    this.publish(scope, false)
  }

  /** `end` for what ends often, a send or a connection: silent when nothing of it is known here. */
  endIfKnown(scope: TypingScope): void {
    this.ended.set(nameOf(scope), performance.now())
    if (this.erase(scope)) this.publish(scope, false)
  }

  /** Who types there, in the order in which they began. Who may know of it is asked elsewhere. */
  typistsOf(conversationId: string): string[] {
    return [...(this.conversations.get(conversationId)?.keys() ?? [])]
  }

  /** All conversations in which somebody types. */
  get lively(): Iterable<string> {
    return this.conversations.keys()
  }

  /** Calls back with each conversation whose typists changed; returns how to stop. */
  listen(listener: (conversationId: string) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const people of this.conversations.values())
      for (const devices of people.values()) for (const timer of devices.values()) clearTimeout(timer)
    this.conversations.clear()
    this.changes.stop()
  }

  private publish(scope: TypingScope, isTyping: boolean): void {
    this.bus.publish('typing', { nodeId: this.nodeId, ...scope, isTyping })
  }

  private note(conversationId: string, userId: string, deviceId: string): void {
    const people = this.conversations.get(conversationId) ?? new Map<string, Devices>()
    this.conversations.set(conversationId, people)
    const devices = people.get(userId)
    const timer = devices?.get(deviceId)
    if (timer) {
      timer.refresh()
      return
    }
    const expire = setTimeout(
      () => this.erase({ conversationId, userId, deviceId }),
      typingTimeoutSeconds * 1000,
    ).unref()
    if (devices) devices.set(deviceId, expire)
    else {
      people.set(userId, new Map([[deviceId, expire]]))
      this.changes.note(conversationId)
    }
  }

  /** Whether there was anything. */
  private erase({ conversationId, userId, deviceId }: TypingScope): boolean {
    let isErased = false
    for (const place of conversationId === null ? [...this.conversations.keys()] : [conversationId]) {
      const people = this.conversations.get(place)
      if (!people) continue
      const before = people.size
      for (const person of userId === null ? [...people.keys()] : [userId]) {
        const devices = people.get(person)
        for (const device of deviceId === null ? [...(devices?.keys() ?? [])] : [deviceId]) {
          clearTimeout(devices?.get(device))
          if (devices?.delete(device)) isErased = true
        }
        if (devices?.size === 0) people.delete(person)
      }
      if (people.size === 0) this.conversations.delete(place)
      if (people.size < before) this.changes.note(place)
    }
    return isErased
  }
}
