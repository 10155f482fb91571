import { hkdfSync, randomBytes } from 'node:crypto'
import { BoundedMap } from '../bounded-map.js'
import { StartupError } from '../startup-error.js'
import { keyVersionOf, openBytes, type Place, sealBytes, UnreadableError } from './envelope.js'
import type { KeyEncryption } from './keyring.js'

const keyBytes = 32
const cachedKeys = 20_000

/** A wrapped key as it lies in conversation_keys or service_keys. */
export interface WrappedKey {
  readonly version: number
  readonly wrappedKey: Uint8Array
  readonly kekId: string
}

export interface WrappedConversationKey extends WrappedKey {
  readonly conversationId: string
}

/** Where the vault finds and keeps wrapped keys. */
export interface KeyStore {
  conversationKeys(conversationIds: readonly string[]): Promise<readonly WrappedConversationKey[]>
  serviceKeys(): Promise<readonly WrappedKey[]>
  /** Keeps a service key unless its version is there already (another node was first). */
  addServiceKey(key: WrappedKey): Promise<void>
}

interface DataKeys {
  readonly current: number
  readonly keys: ReadonlyMap<number, Buffer>
}

const wrappedAt = (table: string, rowId: string, conversationId: string | null, version: number): Place => ({
  table,
  column: 'wrapped_key',
  rowId,
  conversationId,
  revision: version,
})

/** There is no key because there is no such conversation, or it was erased. */
export class NoKeyError extends UnreadableError {}

function notOurs(kekId: string): never {
  throw new StartupError(
    `The keyring does not open this database: its keys are wrapped by ${JSON.stringify(kekId)}, which is missing or another key.`,
  )
}

/**
 * Seals and opens content: a data key per conversation, a service key for what belongs to none.
 * Unwrapped keys stay in memory, the most recently used ones only.
 */
export class Vault {
  private readonly conversations = new BoundedMap<string, Promise<DataKeys>>(cachedKeys)
  private asked: string[] = []
  private gathering: Promise<readonly WrappedConversationKey[]> | null = null

  private constructor(
    private readonly keyring: KeyEncryption,
    private readonly store: KeyStore,
    private readonly service: DataKeys,
  ) {}

  /** Unwraps the service key, and makes it when there is none. Several nodes may do so together. */
  static async open(keyring: KeyEncryption, store: KeyStore): Promise<Vault> {
    let wrapped = await store.serviceKeys()
    if (wrapped.length === 0) {
      const place = wrappedAt('service_keys', '1', null, 1)
      await store.addServiceKey({
        version: 1,
        wrappedKey: await keyring.wrap(randomBytes(keyBytes), place),
        kekId: keyring.current,
      })
      wrapped = await store.serviceKeys()
    }
    const keys = new Map<number, Buffer>()
    for (const { version, wrappedKey, kekId } of wrapped) {
      const place = wrappedAt('service_keys', `${version}`, null, version)
      keys.set(version, await keyring.unwrap(kekId, wrappedKey, place).catch(() => notOurs(kekId)))
    }
    return new Vault(keyring, store, { current: Math.max(...keys.keys()), keys })
  }

  /** A key for one purpose, derived from the service key (HKDF-SHA-256): the same on every node. */
  derivedKey(purpose: string): Buffer {
    const key = this.service.keys.get(1)
    if (!key) throw new Error('service key 1 is missing')
    return Buffer.from(hkdfSync('sha256', key, 'parley', purpose, keyBytes))
  }

  /** Makes the data key of a new conversation. The caller stores it in the transaction that makes the conversation. */
  async newConversationKey(conversationId: string): Promise<WrappedConversationKey> {
    const key = randomBytes(keyBytes)
    const place = wrappedAt('conversation_keys', conversationId, conversationId, 1)
    const wrappedKey = await this.keyring.wrap(key, place)
    return { conversationId, version: 1, wrappedKey, kekId: this.keyring.current }
  }

  /** Loads the keys of many conversations with one statement, so that opening their texts needs none. */
  async prepare(conversationIds: Iterable<string>): Promise<void> {
    const missing = [...new Set(conversationIds)].filter((id) => this.conversations.get(id) === undefined)
    const loads = missing.map((id) => this.load(id))
    await Promise.allSettled(loads)
  }

  /** Seals a text under its conversation's newest data key, or under the service key where there is no conversation. */
  async seal(place: Place, text: string): Promise<Buffer> {
    const keys = await this.keysOf(place)
    const key = keys.keys.get(keys.current)
    if (!key) throw new UnreadableError(place)
    return sealBytes(key, keys.current, place, Buffer.from(text))
  }

  /** Seals under the key of a conversation that is still being made. */
  async sealUnder(key: WrappedConversationKey, place: Place, text: string): Promise<Buffer> {
    const { current, keys } = await this.unwrap(key.conversationId, [key])
    const dataKey = keys.get(current)
    if (!dataKey) throw new UnreadableError(place)
    return sealBytes(dataKey, current, place, Buffer.from(text))
  }

  /** Throws UnreadableError when the envelope does not open in this place. */
  async open(place: Place, sealed: Uint8Array): Promise<string> {
    const keys = await this.keysOf(place)
    const key = keys.keys.get(keyVersionOf(sealed, place))
    if (!key) throw new UnreadableError(place)
    return openBytes(key, place, sealed).toString()
  }

  private keysOf(place: Place): Promise<DataKeys> {
    if (place.conversationId === null) return Promise.resolve(this.service)
    const id = place.conversationId
    const known = this.conversations.get(id)
    if (known) return known
    return this.load(id)
  }

  private load(conversationId: string): Promise<DataKeys> {
    const load = this.gather(conversationId).then((rows) =>
      this.unwrap(
        conversationId,
        rows.filter((row) => row.conversationId === conversationId),
      ),
    )
    this.conversations.set(conversationId, load)
    load.catch(() => this.conversations.delete(conversationId))
    return load
  }

  /** The wrapped keys of whatever is asked for in this turn of the event loop: one statement. */
  private gather(conversationId: string): Promise<readonly WrappedConversationKey[]> {
    this.asked.push(conversationId)
    this.gathering ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      const ids = this.asked
      this.asked = []
      this.gathering = null
      return this.store.conversationKeys(ids)
    })
    return this.gathering
  }

  private async unwrap(conversationId: string, rows: readonly WrappedConversationKey[]): Promise<DataKeys> {
    const keys = new Map<number, Buffer>()
    for (const row of rows) {
      const place = wrappedAt('conversation_keys', conversationId, conversationId, row.version)
      keys.set(row.version, await this.keyring.unwrap(row.kekId, row.wrappedKey, place))
    }
    if (keys.size === 0)
      throw new NoKeyError({ table: 'conversation_keys', column: 'wrapped_key', rowId: conversationId })
    return { current: Math.max(...keys.keys()), keys }
  }
}
