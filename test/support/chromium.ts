import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { describe } from 'vitest'

const getChromium = '`apt-get install chromium`, or give CHROMIUM_PATH'
const names = ['chromium', 'chromium-browser', 'google-chrome']
const options = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** CHROMIUM_PATH, or the first on the PATH; null where there is none. */
function findChromium(): string | null {
  const { CHROMIUM_PATH, PATH = '' } = process.env
  if (CHROMIUM_PATH) return CHROMIUM_PATH
  const places = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)))
  return places.find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A window of a headless browser with an empty profile, which ends with it. */
export interface Browser extends AsyncDisposable {
  readonly page: Page
}

async function openBrowser(executablePath: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'parley-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: options,
    viewport: { width: 1400, height: 900 },
  })
  return {
    page: context.pages()[0] ?? (await context.newPage()),
    [Symbol.asyncDispose]: async () => {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}

/**
 * A `describe` that can open browsers, or is skipped, and told of, where there is no Chromium. With CI=true it fails
 * instead.
 */
export function describeWithChromium(name: string, define: (open: () => Promise<Browser>) => void): void {
  const path = findChromium()
  if (path === null && process.env.CI === 'true')
    throw new Error(`Chromium is missing, and this is CI: install it with ${getChromium}`)
  if (path === null)
    process.stderr.write(`Skipped for want of Chromium: ${name}; get it with ${getChromium}\n`)
  describe.skipIf(path === null)(name, () => define(() => openBrowser(path ?? names[0] ?? '')))
}
