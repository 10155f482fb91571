import { ServiceUnavailableError } from '../errors.js'

/** Reads many keys at once, in their order. */
export type GatheredRead<Context, Key, Value> = (
  ctx: Context,
  keys: readonly Key[],
) => Promise<readonly Value[]>

/** Who asks for more than this goes alone: nobody waits for a large page of somebody else's. */
const mostShared = 200
const keysPerStatement = 2000

interface Asking<Key, Value> {
  readonly keys: readonly Key[]
  readonly resolve: (values: readonly Value[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Makes one read of what many operations ask for in the same turn of the event loop: an update that goes to 250 people costs a
 * statement for each thing that they select, not 250. Nothing is kept, so whoever asks gets what is so now; whose eyes it is
 * for is part of the key. Where a shared read fails, each who asked reads alone: nobody fails by somebody else's question.
 */
export class Gathering<Context> {
  private readonly waiting = new Map<unknown, unknown>()

  constructor(private readonly ctx: Context) {}

  /** The values of these keys, in their order. */
  async load<Key, Value>(read: GatheredRead<Context, Key, Value>, keys: readonly Key[]): Promise<Value[]> {
    const values =
      keys.length > mostShared ? await this.readAlone(read, keys) : await this.readTogether(read, keys)
    return [...values]
  }

  private async readAlone<Key, Value>(
    read: GatheredRead<Context, Key, Value>,
    keys: readonly Key[],
  ): Promise<readonly Value[]> {
    if (keys.length <= keysPerStatement) return read(this.ctx, keys)
    const values: Value[] = []
    // One after the other: a large page takes one connection, not all of them.
    for (let from = 0; from < keys.length; from += keysPerStatement)
      values.push(...(await read(this.ctx, keys.slice(from, from + keysPerStatement))))
    return values
  }

  private readTogether<Key, Value>(
    read: GatheredRead<Context, Key, Value>,
    keys: readonly Key[],
  ): Promise<readonly Value[]> {
    return new Promise((resolve, reject) => {
      // A function and those who ask it share their types, which a map of all functions can't say.
      const asking = (this.waiting.get(read) ?? []) as Asking<Key, Value>[]
      asking.push({ keys, resolve, reject })
      if (asking.length > 1) return
      this.waiting.set(read, asking)
      // What this turn's microtasks still ask comes along: all executions of one update do.
      setImmediate(() => {
        this.waiting.delete(read)
        void this.answer(read, asking)
      })
    })
  }

  private async answer<Key, Value>(
    read: GatheredRead<Context, Key, Value>,
    asking: readonly Asking<Key, Value>[],
  ): Promise<void> {
    let rest = asking
    while (rest.length > 0) {
      const some = within(rest, keysPerStatement)
      rest = rest.slice(some.length)
      try {
        const values = await read(
          this.ctx,
          some.flatMap(({ keys }) => keys),
        )
        let from = 0
        for (const { keys, resolve } of some) {
          resolve(values.slice(from, from + keys.length))
          from += keys.length
        }
      } catch (error) {
        // Where the database is away it is so for all of them, and asking for each would keep it so.
        if (some.length === 1 || error instanceof ServiceUnavailableError)
          for (const one of some) one.reject(error)
        else for (const one of some) void read(this.ctx, one.keys).then(one.resolve, one.reject)
      }
    }
  }
}

/** As many of them, from the first on, as ask for so many keys together; at least one. */
function within<Key, Value>(asking: readonly Asking<Key, Value>[], most: number): Asking<Key, Value>[] {
  let count = 0
  const end = asking.findIndex(({ keys }, index) => {
    count += keys.length
    return index > 0 && count > most
  })
  return asking.slice(0, end === -1 ? asking.length : end)
}
