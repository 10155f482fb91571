import DataLoader from 'dataloader'
import { NotFoundError } from '../errors.js'

/** Reads many keys at once, in their order. One of a feature's read functions. */
export type Batch<Context, Key, Value> = (ctx: Context, keys: readonly Key[]) => Promise<readonly Value[]>

/**
 * The DataLoaders of one operation, one for each batch function, made when first asked for. A subscription clears them
 * at every event, so that each is resolved as of now.
 */
export class Loaders<Context> {
  private loaders = new Map<unknown, unknown>()

  /** The context holds its loaders, so they learn of it when they are first used. */
  constructor(private readonly ctx: () => Context) {}

  load<Key, Value>(batch: Batch<Context, Key, Value>, key: Key): Promise<Value> {
    return this.loaderOf(batch).load(key)
  }

  /** What is there, as a verb of the viewer's has just found or left it. Throws NotFoundError where it has gone since. */
  async present<Key, Value>(batch: Batch<Context, Key, Value | null>, key: Key): Promise<Value> {
    const value = await this.load(batch, key)
    if (value === null) throw new NotFoundError()
    return value
  }

  /** Makes a value known that was read elsewhere in the same operation. */
  prime<Key, Value>(batch: Batch<Context, Key, Value>, key: Key, value: NoInfer<Value>): void {
    this.loaderOf(batch).prime(key, value)
  }

  /** Forgets everything: what comes next is read anew. */
  clear(): void {
    this.loaders = new Map()
  }

  private loaderOf<Key, Value>(batch: Batch<Context, Key, Value>): DataLoader<Key, Value, unknown> {
    // A batch function and its loader share their types, which a map of both can't say.
    const known = this.loaders.get(batch) as DataLoader<Key, Value, unknown> | undefined
    if (known) return known
    const loader = new DataLoader<Key, Value, unknown>((keys) => batch(this.ctx(), keys), {
      cacheKeyFn: cacheKey,
    })
    this.loaders.set(batch, loader)
    return loader
  }
}

/** Keys are ids, or small flat objects of ids, numbers and dates. */
function cacheKey(key: unknown): unknown {
  return typeof key === 'object' ? JSON.stringify(key) : key
}
