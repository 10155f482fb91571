import { type App, createApp } from './app.js'
import { ConfigError, loadConfig } from './config.js'
import { demoExplorer } from './demo/explorer/tabs.js'
import { seedDemo } from './demo/seed.js'
import { welcome } from './demo/welcome.js'
import { createLog } from './platform/log.js'
import { StartupError } from './platform/startup-error.js'

/** After it a supervisor loses patience; what is still open then is cut, and heals as after a kill. */
const longestStopMilliseconds = 11_000
const loopback = new Set(['127.0.0.1', '::1', 'localhost'])

async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const log = createLog({ level: config.logLevel, pretty: config.environment === 'development' })
  const isDemo = config.seed === 'demo'
  let app: App | undefined
  const stopping = new AbortController()
  const stop = () => {
    if (stopping.signal.aborted) return
    stopping.abort()
    log.info('stopping')
    setTimeout(() => {
      log.warn('stopping took too long: what is still open is cut')
      process.exit()
    }, longestStopMilliseconds).unref()
    starting
      .then(
        (started) => started[Symbol.asyncDispose](),
        // Ctrl-C in a terminal reaches what the start was waiting for, too.
        () => {},
      )
      .catch((error: unknown) => {
        log.error({ error }, 'stopping failed')
        process.exitCode = 1
      })
      // What a library left open must not keep a stopped program alive.
      .finally(() => setTimeout(() => process.exit(), 500).unref())
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.on('exit', () => app?.killNow())

  const starting = createApp(config, log, {
    stopping: stopping.signal,
    ...(isDemo ? { seed: seedDemo } : {}),
    // With everybody's token in it, the page is for this machine alone.
    ...(isDemo && loopback.has(config.host) ? { explorer: demoExplorer } : {}),
  })
  try {
    app = await starting
  } catch (error) {
    if (stopping.signal.aborted) return
    throw error
  }
  if (isDemo && !stopping.signal.aborted) console.log(await welcome(app.url, app.tokens))
  else log.info({ url: app.url }, 'ready')
}

main().catch((error: unknown) => {
  process.exitCode = 1
  if (error instanceof StartupError || error instanceof ConfigError) console.error(error.message)
  else console.error(error)
})
