import { createApp } from '../../../../src/app.js'
import { loadConfig } from '../../../../src/config.js'
import { createLog } from '../../../../src/platform/log.js'

/** Starts a node as src/main.ts does, after something in it was broken from outside. */
export async function startBroken(): Promise<void> {
  const config = loadConfig(process.env)
  const log = createLog({ level: config.logLevel, pretty: true })
  const app = await createApp(config, log)
  process.once('SIGTERM', () => {
    void Promise.resolve(app[Symbol.asyncDispose]()).finally(() => process.exit())
  })
  log.info({ url: app.url }, 'ready')
}
