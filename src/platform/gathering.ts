import DataLoader from 'dataloader'

/** Reads many keys at once, in their order. */
export type GatheredRead<Context, Key, Value> = (
  ctx: Context,
  keys: readonly Key[],
) => Promise<readonly Value[]>

const keysPerStatement = 5000

/**
 * Makes one read of what many operations ask for in the same turn of the event loop: an update that goes to 250 people costs a
 * statement for each thing that they select, not 250. Nothing is kept, so whoever asks gets what is so now; whose eyes it is
 * for is part of the key. One failure fails all who share the read.
 */
export class Gathering<Context> {
  private readonly loaders = new Map<unknown, unknown>()

  constructor(private readonly ctx: Context) {}

  /** The values of these keys, in their order, read together with what others ask of the same function now. */
  load<Key, Value>(read: GatheredRead<Context, Key, Value>, keys: readonly Key[]): Promise<Value[]> {
    const loader = this.loaderOf(read)
    return Promise.all(keys.map((key) => loader.load(key)))
  }

  private loaderOf<Key, Value>(read: GatheredRead<Context, Key, Value>): DataLoader<Key, Value, unknown> {
    // A function and its loader share their types, which a map of both can't say.
    const known = this.loaders.get(read) as DataLoader<Key, Value, unknown> | undefined
    if (known) return known
    const loader = new DataLoader<Key, Value, unknown>((keys) => read(this.ctx, keys), {
      cache: false,
      maxBatchSize: keysPerStatement,
      // What this turn's microtasks still ask comes along: all executions of one update do.
      batchScheduleFn: (run) => setImmediate(run),
    })
    this.loaders.set(read, loader)
    return loader
  }
}
