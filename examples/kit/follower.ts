import type { Client } from 'graphql-ws'
import { type UpdateFieldsFragment, UpdatesDocument, type UpdatesSubscription } from '../generated/graphql.js'
import { failureOf, textOf } from './connection.js'
import { Ended, Refusal } from './errors.js'
import { mayHelpReading, type Patience } from './patience.js'
import type { Saved } from './storage.js'

export type Update = UpdateFieldsFragment

/** What is kept on the device: the kit's own copy, or Apollo's cache. */
export interface Copy<Extracted> {
  /** Fetches all of it anew; gives the cursor as of which it is. */
  refetch(): Promise<string>
  /** Takes an update in. It may have been taken in before: the outcome is the same. */
  apply(update: Update): void | Promise<void>
  /** All of it as JSON, and back. */
  extract(): Extracted
  restore(extracted: Extracted): void
}

export interface SavedCopy<Extracted> {
  readonly cursor: string
  readonly copy: Extracted
}

/** `behind` until everything that happened meanwhile has come; `ended` for good, with the reason. */
export type FollowerState = 'behind' | 'live' | 'ended'

export interface FollowerOptions<Extracted> {
  readonly client: Client
  readonly copy: Copy<Extracted>
  readonly saved: Saved<SavedCopy<Extracted>>
  readonly patience: Patience
  /** markDelivered. */
  readonly acknowledge: (upToCursor: string) => Promise<void>
  /** A message of one's own came with the stream: it is no longer on its way. */
  readonly onArrival: (clientMessageId: string) => void
  readonly onState?: ((state: FollowerState, reason?: Error) => void) | undefined
}

const settleMilliseconds = 300
/** The server says something at least every 15 seconds: after three times that, the socket is dead. */
const silenceMilliseconds = 45_000

/** Keeps a copy equal to what the server has: from the update stream alone, wherever it left off. */
export class Follower<Extracted> {
  /** Where the stream goes on when the connection comes back. */
  #received = ''
  /** What the copy holds. */
  #processed = ''
  #savedCursor = ''
  /** Whether something came, or was fetched, that the server does not know to be here. */
  #owesReceipt = true
  #queue: Promise<void> = Promise.resolve()
  readonly #underway = new Set<Promise<unknown>>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #watchdog: ReturnType<typeof setTimeout> | undefined
  #unsubscribe: () => void = () => {}
  #isStopped = false
  #state: FollowerState = 'behind'

  private constructor(private readonly options: FollowerOptions<Extracted>) {
    options.client.on('closed', () => this.#turn('behind'))
  }

  /** Comes back once there is a copy: the one that was saved, or, the first time, one that was fetched. */
  static async start<Extracted>(options: FollowerOptions<Extracted>): Promise<Follower<Extracted>> {
    const follower = new Follower(options)
    const saved = await options.saved.load()
    if (saved) options.copy.restore(saved.copy)
    follower.#savedCursor = saved?.cursor ?? ''
    follower.#goOnFrom(saved?.cursor ?? (await follower.#refetch()))
    follower.#follow().catch((error) => follower.#end(error))
    return follower
  }

  /**
   * Runs an operation whose answer is put into the copy. What it answers is of some moment while it is under way: so
   * updates that arrive meanwhile are taken in after it, and the copy never goes back.
   */
  async during<T>(operation: () => Promise<T>): Promise<T> {
    const running = operation()
    this.#underway.add(running)
    try {
      return await running
    } finally {
      this.#underway.delete(running)
    }
  }

  /** Saves what there is, and ends. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#unsubscribe()
    clearTimeout(this.#timer)
    clearTimeout(this.#watchdog)
    await this.#save()
  }

  /** Subscribes again and again: what ended the last time may be over. */
  async #follow(): Promise<void> {
    const { patience } = this.options
    for (let failures = 0; !this.#isStopped; failures++) {
      const failure = await this.#subscription(() => {
        failures = 0
      })
      if (this.#isStopped) return
      if (failure instanceof Ended) return this.#end(failure)
      this.#turn('behind')
      await patience.wait(failures)
      // The cursor is of no use (another person's, or of another deployment).
      const isRefused = failure instanceof Refusal && failure.code === 'INVALID_INPUT'
      if (isRefused && !this.#isStopped) this.#goOnFrom(await this.#refetch())
    }
  }

  /** One subscription; comes back with why it ended. It survives reconnects: graphql-ws asks again, after the newest cursor. */
  #subscription(onLife: () => void): Promise<Error | null> {
    const follower = this
    const variables = {
      get after() {
        return follower.#received
      },
    }
    return new Promise((resolve) => {
      let failure: Error | null = null
      this.#unsubscribe = this.options.client.subscribe<UpdatesSubscription>(
        { query: textOf(UpdatesDocument), variables },
        {
          next: ({ data, errors }) => {
            this.#watch()
            if (!data) failure = failureOf(errors)
            else {
              onLife()
              this.#receive(data.updates)
            }
          },
          error: (reason) => resolve(failureOf(reason)),
          complete: () => resolve(failure),
        },
      )
      this.#watch()
    })
  }

  #receive(update: Update): void {
    this.#received = update.cursor
    const underway = [...this.#underway]
    this.#queue = this.#queue.then(async () => {
      await Promise.allSettled(underway)
      if (!this.#isStopped) await this.#process(update).catch((error) => this.#end(error))
    })
  }

  async #process(update: Update): Promise<void> {
    const { copy, patience } = this.options
    const { change, cursor } = update
    if (change?.__typename === 'StreamReset') await this.#refetch()
    else if (change?.__typename === 'CaughtUp') this.#turn('live')
    else await patience.until(async () => copy.apply(update), mayHelpReading)
    if (change?.__typename === 'MessageSent') {
      // Only its sender is told the key of a message; others' want a receipt.
      const { clientMessageId } = change.edge.node
      if (clientMessageId === null) this.#owesReceipt = true
      else this.options.onArrival(clientMessageId)
    }
    this.#processed = cursor
    this.#settleSoon()
  }

  async #refetch(): Promise<string> {
    const { copy, patience } = this.options
    const cursor = await patience.until(() => copy.refetch(), mayHelpReading)
    this.#owesReceipt = true
    return cursor
  }

  #goOnFrom(cursor: string): void {
    this.#received = cursor
    this.#processed = cursor
    this.#settleSoon()
  }

  /** Saving and acknowledging wait a little, so that a burst costs one of each. */
  #settleSoon(): void {
    if (this.#isStopped) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#settle()
    }, settleMilliseconds)
  }

  async #settle(): Promise<void> {
    const cursor = this.#processed
    // Only what is saved is delivered: it is still here after a crash.
    const isSaved = await this.#save()
    if (!isSaved || !this.#owesReceipt || this.#isStopped) return
    this.#owesReceipt = false
    await this.options.acknowledge(cursor).catch(() => {
      // With the next update, or the next heartbeat.
      this.#owesReceipt = true
    })
  }

  /** False where the storage is full or broken: it is tried again with the next update. */
  async #save(): Promise<boolean> {
    const { saved, copy } = this.options
    const cursor = this.#processed
    if (cursor === this.#savedCursor) return true
    try {
      await saved.save({ cursor, copy: copy.extract() })
      this.#savedCursor = cursor
      return true
    } catch {
      return false
    }
  }

  /** A connection that is cut without a word looks like silence. */
  #watch(): void {
    clearTimeout(this.#watchdog)
    if (this.#isStopped) return
    this.#watchdog = setTimeout(() => {
      this.options.client.terminate()
      this.#watch()
    }, silenceMilliseconds)
  }

  #end(reason: Error): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#unsubscribe()
    clearTimeout(this.#timer)
    clearTimeout(this.#watchdog)
    this.#turn('ended', reason)
  }

  #turn(state: FollowerState, reason?: Error): void {
    if (state === this.#state || (this.#isStopped && state !== 'ended')) return
    this.#state = state
    this.options.onState?.(state, reason)
  }
}
