import type { SendMessageInput } from '../generated/graphql.js'
import { Ended, Refusal } from './errors.js'
import { Listeners } from './listeners.js'
import type { Patience } from './patience.js'
import type { Saved } from './storage.js'

/** A message that the server is not known to have. */
export interface Waiting {
  readonly input: SendMessageInput
  readonly writtenAt: string
  /** The code of a refusal that is final; null while it is being sent. */
  readonly failure: string | null
}

export interface OutboxOptions {
  readonly saved: Saved<readonly Waiting[]>
  readonly patience: Patience
  /** Sends, and puts the answer into the copy. */
  readonly send: (input: SendMessageInput) => Promise<void>
}

/**
 * What was written and is on its way. Each conversation's messages go one after the other, so that they keep their order
 * whatever fails; everything is saved before it is sent, so that it outlives the program. Sending again is harmless: the
 * server knows each clientMessageId for ever.
 */
export class Outbox {
  readonly changes = new Listeners()
  #waiting: readonly Waiting[] = []
  /** Keys of what is being stored for the first time: it shows, and is not sent yet. */
  readonly #unsaved = new Set<string>()
  readonly #lanes = new Set<string>()
  #isStopped = false

  private constructor(private readonly options: OutboxOptions) {}

  static async open(options: OutboxOptions): Promise<Outbox> {
    const outbox = new Outbox(options)
    outbox.#waiting = (await options.saved.load()) ?? []
    return outbox
  }

  /** All that is waiting, oldest first. */
  get waiting(): readonly Waiting[] {
    return this.#waiting
  }

  /** Sends what was left from the last time. */
  resume(): void {
    for (const { input } of this.#waiting) this.#run(input.conversationId)
  }

  /** Comes back once it is stored. Where it can't be, it throws, and nothing was said. */
  async add(input: SendMessageInput): Promise<void> {
    const { clientMessageId } = input
    this.#unsaved.add(clientMessageId)
    this.#show([...this.#waiting, { input, writtenAt: new Date().toISOString(), failure: null }])
    try {
      await this.options.saved.save(this.#waiting)
    } catch (error) {
      // Saved once more without it: what was added meanwhile may have been stored together with it.
      await this.#change(this.#without(clientMessageId))
      throw error
    } finally {
      this.#unsaved.delete(clientMessageId)
    }
    this.#run(input.conversationId)
  }

  /** Tries once more to send what has failed, under the same key. */
  async retry(clientMessageId: string): Promise<void> {
    const found = this.#find(clientMessageId)
    if (!found) return
    await this.#mark(clientMessageId, null)
    this.#run(found.input.conversationId)
  }

  /** The message has arrived (the copy holds it), or is given up. */
  async remove(clientMessageId: string): Promise<void> {
    if (!this.#find(clientMessageId)) return
    await this.#change(this.#without(clientMessageId))
  }

  stop(): void {
    this.#isStopped = true
  }

  #run(conversationId: string): void {
    if (this.#lanes.has(conversationId)) return
    void this.#sendAll(conversationId)
  }

  async #sendAll(conversationId: string): Promise<void> {
    const { patience, send } = this.options
    this.#lanes.add(conversationId)
    try {
      for (let next = this.#next(conversationId); next; next = this.#next(conversationId)) {
        const { input } = next
        try {
          await patience.until(() => send(input))
          await this.remove(input.clientMessageId)
        } catch (error) {
          if (error instanceof Ended) return
          await this.#mark(input.clientMessageId, error instanceof Refusal ? error.code : 'INTERNAL')
        }
      }
    } finally {
      this.#lanes.delete(conversationId)
    }
  }

  #next(conversationId: string): Waiting | undefined {
    if (this.#isStopped) return undefined
    return this.#waiting.find(
      ({ input, failure }) =>
        input.conversationId === conversationId &&
        failure === null &&
        !this.#unsaved.has(input.clientMessageId),
    )
  }

  #find(clientMessageId: string): Waiting | undefined {
    return this.#waiting.find(({ input }) => input.clientMessageId === clientMessageId)
  }

  #without(clientMessageId: string): Waiting[] {
    return this.#waiting.filter(({ input }) => input.clientMessageId !== clientMessageId)
  }

  #mark(clientMessageId: string, failure: string | null): Promise<void> {
    return this.#change(
      this.#waiting.map((each) =>
        each.input.clientMessageId === clientMessageId ? { ...each, failure } : each,
      ),
    )
  }

  /** What the storage does not take now, it takes with the next change; at worst something is sent again, and said once. */
  async #change(waiting: readonly Waiting[]): Promise<void> {
    this.#show(waiting)
    await this.options.saved.save(waiting).catch(() => {})
  }

  #show(waiting: readonly Waiting[]): void {
    this.#waiting = waiting
    this.changes.tell()
  }
}
