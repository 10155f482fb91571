import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  DriverAdapterError,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import pg from 'pg'
import { withoutTimeouts } from './without-timeouts.js'

// TypeScript declares WebAssembly with the DOM only.
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: EngineExports } }>
}
type EngineExports = { __wbindgen_start(): void }

declare global {
  var PRISMA_WASM_PANIC_REGISTRY: { set_message(message: string): void } | undefined
}

/** The tables that the schema engine leaves alone: none. */
export const allTables: bindings.SchemaFilter = { externalTables: [], externalEnums: [] }

let loaded: Promise<void> | undefined
let panicMessage: string | undefined

/**
 * Runs `use` with Prisma's schema engine (its WASM build: nothing is downloaded) on a pool of its own without
 * timeouts, closed afterwards. What the engine throws arrives as an Error with one readable message.
 */
export async function withSchemaEngine<T>(
  connectionString: string,
  use: (engine: bindings.SchemaEngine) => Promise<T>,
): Promise<T> {
  loaded ??= load()
  await loaded
  const pool = new pg.Pool({ connectionString, max: 4, options: withoutTimeouts })
  pool.on('error', () => {})
  try {
    const adapters = bindMigrationAwareSqlAdapterFactory(wholeScripts(new PrismaPg(pool)))
    return await use(await bindings.SchemaEngine.new({ datamodels: undefined }, () => {}, adapters))
  } catch (error) {
    throw new Error(messageOf(error), { cause: error })
  } finally {
    await pool.end()
  }
}

async function load(): Promise<void> {
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    set_message: (message) => {
      panicMessage = message
    },
  }
  const name = '@prisma/schema-engine-wasm/schema_engine_bg'
  const file = createRequire(import.meta.url)
    .resolve(name)
    .replace(/\.js$/, '.wasm')
  const imports = { './schema_engine_bg.js': { ...bindings, ...timersThatLetGo() } }
  const { instance } = await WebAssembly.instantiate(await readFile(file), imports)
  bindings.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
}

// The engine never clears the 10 s timer of its own advisory lock, which would hold up our exit.
function timersThatLetGo(): Record<string, unknown> {
  const names = Object.keys(bindings).filter((name) => name.startsWith('__wbg_setTimeout_'))
  const timer = (callback: () => void, ms: number) => setTimeout(callback, ms >>> 0).unref()
  return Object.fromEntries(names.map((name) => [name, timer]))
}

// adapter-pg cuts a script at every semicolon, which cuts function bodies in two. Sent whole, a script is
// also one transaction: a migration that fails leaves nothing behind.
function wholeScripts(factory: PrismaPg): SqlMigrationAwareDriverAdapterFactory {
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connectToShadowDb: () => factory.connectToShadowDb(),
    connect: async () => {
      const adapter = await factory.connect()
      adapter.executeScript = async (script) => {
        try {
          await adapter.underlyingDriver().query(script)
        } catch (error) {
          throw asAdapterError(error)
        }
      }
      return adapter
    },
  }
}

function asAdapterError(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error
  return new DriverAdapterError({
    kind: 'postgres',
    code: error.code ?? 'XX000',
    severity: error.severity ?? 'ERROR',
    message: error.message,
    detail: error.detail,
    column: error.column,
    hint: error.hint,
  })
}

function messageOf(error: unknown): string {
  const panicked = panicMessage
  panicMessage = undefined
  if (panicked !== undefined) return panicked
  const message = error instanceof Error ? error.message : JSON.stringify(error)
  // What follows is a trace through the engine's Rust; of it only the migration's name tells anything.
  const [reason = message, trace = ''] = message.split(/\n\s*0: /, 2)
  const migration = /migration_name="([^"]+)"/.exec(trace)?.[1]
  return migration === undefined ? reason : `${migration}: ${reason}`
}
