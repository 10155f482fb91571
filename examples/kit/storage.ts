type Eventually<T> = T | Promise<T>

/** Where a copy outlives the program. `localStorage` is one as it is, and so is React Native's AsyncStorage. */
export interface Storage {
  getItem(key: string): Eventually<string | null>
  setItem(key: string, value: string): Eventually<void>
  removeItem(key: string): Eventually<void>
}

/** Lives as long as the program. */
export class MemoryStorage implements Storage {
  readonly #items: Map<string, string>

  /** Begins empty, or with what another holds. */
  constructor(other?: MemoryStorage) {
    this.#items = new Map(other ? other.#items : [])
  }

  getItem(key: string): string | null {
    return this.#items.get(key) ?? null
  }

  setItem(key: string, value: string): void {
    this.#items.set(key, value)
  }

  removeItem(key: string): void {
    this.#items.delete(key)
  }
}

/** One JSON value under one key. Writes keep their order, also where the storage is slow. */
export class Saved<Value> {
  #last: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly storage: Storage,
    private readonly key: string,
  ) {}

  /** What was saved; null when there is nothing, or nothing that can be read. Only this program writes there. */
  async load(): Promise<Value | null> {
    const text = await this.storage.getItem(this.key)
    try {
      return text === null ? null : JSON.parse(text)
    } catch {
      return null
    }
  }

  save(value: Value): Promise<void> {
    const text = JSON.stringify(value)
    return this.#after(() => this.storage.setItem(this.key, text))
  }

  clear(): Promise<void> {
    return this.#after(() => this.storage.removeItem(this.key))
  }

  #after(write: () => Eventually<void>): Promise<void> {
    const done = this.#last.then(write, write)
    this.#last = done
    return done
  }
}
