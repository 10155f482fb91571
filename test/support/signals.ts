import type { Client } from 'graphql-ws'
import type { Person } from './person.js'

export const typingDocument =
  'subscription ($conversationId: ID) { typing(conversationId: $conversationId) { conversationId conversation { id } typists { externalId } } }'

export const presenceDocument =
  'subscription ($userIds: [ID!]!) { presence(userIds: $userIds) { userId user { externalId } isOnline availability lastSeenAt } }'

export interface TypingShape {
  readonly conversationId: string
  readonly conversation: { readonly id: string }
  readonly typists: readonly { readonly externalId: string }[]
}

export interface PresenceShape {
  readonly userId: string
  readonly user: { readonly externalId: string }
  readonly isOnline: boolean
  readonly availability: string
  readonly lastSeenAt: string | null
}

/** A subscription to signals that keeps all it was sent. */
export class Signals<Shape> {
  readonly all: Shape[] = []
  readonly errors: unknown[] = []
  isOver = false
  private wakes: (() => void)[] = []
  private readonly stop: () => void

  constructor(
    readonly client: Client,
    query: string,
    variables: Record<string, unknown>,
  ) {
    this.stop = client.subscribe<Record<string, Shape>>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (errors) this.errors.push(...errors)
          for (const signal of Object.values(data ?? {})) if (signal) this.all.push(signal)
          this.wake()
        },
        error: (error) => {
          this.errors.push(error)
          this.end()
        },
        complete: () => this.end(),
      },
    )
  }

  static typing(person: Person, conversationId: string | null): Signals<TypingShape> {
    return new Signals<TypingShape>(person.socket(), typingDocument, { conversationId })
  }

  static presence(person: Person, people: readonly Person[]): Signals<PresenceShape> {
    return new Signals<PresenceShape>(person.socket(), presenceDocument, {
      userIds: people.map(({ id }) => id),
    })
  }

  /** Waits until the condition holds of all that has come so far; fails with what there is. */
  async until(
    condition: (all: readonly Shape[]) => boolean,
    what: string,
    milliseconds = 10_000,
  ): Promise<void> {
    const deadline = Date.now() + milliseconds
    while (!condition(this.all)) {
      if (Date.now() > deadline)
        throw new Error(
          `waited for ${what}; there is ${JSON.stringify(this.all)} ${JSON.stringify(this.errors)}`,
        )
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 250)
        this.wakes.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  ended(): Promise<void> {
    return this.until(() => this.isOver, 'the end')
  }

  close(): void {
    this.stop()
  }

  private end(): void {
    this.isOver = true
    this.wake()
  }

  private wake(): void {
    for (const wake of this.wakes.splice(0)) wake()
  }
}

/** The names in the last signal of a conversation; null: none has come. */
export function typistsIn(all: readonly TypingShape[], conversationId: string): string | null {
  const last = all.filter((signal) => signal.conversationId === conversationId).at(-1)
  return last ? last.typists.map(({ externalId }) => externalId).join() : null
}

/** The last state of a person; undefined: none has come. */
export function lastOf(all: readonly PresenceShape[], person: Person): PresenceShape | undefined {
  return all.filter(({ userId }) => userId === person.id).at(-1)
}
