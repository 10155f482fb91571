import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from '../../src/platform/free-port.js'
import { describeWithChromium } from '../support/chromium.js'
import { ParleyProcess } from '../support/parley-process.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 200_000 })
const artefacts = fileURLToPath(new URL('../artefacts/', import.meta.url))
const patience = { timeout: 30_000 }

describeWithChromium('GraphiQL on the unconfigured start', (openBrowser) => {
  let directory: string
  let parley: ParleyProcess
  let origin: string
  let tokens: Map<string, string>
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-graphiql-'))
    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    parley = ParleyProcess.start({ PARLEY_DATA_DIR: directory, PORT: String(port) })
    // Fifteen seconds by itself; beside other tests the disk is what it waits for.
    await vi.waitFor(() => expect(parley.stdout).toContain('Ctrl-C'), { timeout: 180_000 })
    const printed = parley.stdout.matchAll(/^ +(\S+) +[A-Z]+ +(\S+\.\S+\.\S+)$/gm)
    tokens = new Map([...printed].map(([, person = '', token = '']) => [person, token]))
  })
  afterAll(async () => {
    await parley.end('SIGTERM')
    // As root, PostgreSQL keeps its data where another user can reach it.
    for (const [, data] of parley.stderr.matchAll(/data="([^"]+)"/g))
      if (data) await rm(dirname(data), { recursive: true, force: true })
    await rm(directory, { recursive: true, force: true })
  })

  /** One operation of somebody else's, who has no browser. */
  async function ask<Data>(person: string, query: string, variables: object = {}): Promise<Data> {
    const response = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.get(person)}` },
      body: JSON.stringify({ query, variables }),
    })
    const { data }: { data: Data } = JSON.parse(await response.text())
    return data
  }

  test('opens by itself, as somebody, and nothing comes from elsewhere', async () => {
    await using browser = await openBrowser()
    const { page } = browser
    const elsewhere: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(origin))
        elsewhere.push(request.url())
    })
    page.on('response', (response) => {
      if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`)
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(origin)
    expect([page.url(), await page.title()]).toEqual([`${origin}/graphql`, 'Parley'])
    expect(await page.locator('link[rel=icon]').getAttribute('href')).toMatch(/^data:image\/svg\+xml,/)
    await tabsAre(page, ['Start', 'Conversations', 'Messages', 'Send', 'React', 'Live'])
    await run(page, 'unreadConversationCount')
    await expect.poll(() => answer(page), patience).toContain('"displayName": "Dr. Hala Osman"')
    expect([elsewhere, complaints]).toEqual([[], []])
  })

  test('shows live what somebody else sends', async () => {
    await using browser = await openBrowser()
    const { page } = browser
    await page.goto(origin)
    await page.getByRole('tab', { name: 'Live', exact: true }).click()
    await run(page, 'viewerUnreadCount')
    await expect.poll(() => answer(page), patience).toContain('"__typename": "CaughtUp"')
    // Short: the pane breaks lines.
    const body = `At eight, ${randomUUID().slice(0, 8)}`
    const { user } = await ask<{ user: { id: string } }>('dr-osman', '{ user(externalId: "amal") { id } }')
    const { viewer } = await ask<{ viewer: { conversation: { id: string } } }>(
      'dr-osman',
      'query ($id: ID!) { viewer { conversation(withUserId: $id) { id } } }',
      { id: user.id },
    )
    await ask(
      'dr-osman',
      'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename ... on Error { code } } }',
      { input: { conversationId: viewer.conversation.id, clientMessageId: randomUUID(), body } },
    )
    await expect.poll(() => answer(page), patience).toContain(body)
    expect(await answer(page)).toContain('"displayName": "Dr. Hala Osman"')
    await mkdir(artefacts, { recursive: true })
    await page.screenshot({ path: join(artefacts, 'graphiql.png') })
  })

  test('asks as whoever’s line is uncommented', async () => {
    await using browser = await openBrowser()
    const { page } = browser
    await page.goto(origin)
    await page.locator('.graphiql-editor-tool .view-line', { hasText: /\bamal\b/ }).click()
    await page.keyboard.press('ControlOrMeta+/')
    await run(page, 'unreadConversationCount')
    await expect.poll(() => answer(page), patience).toContain('"externalId": "amal"')
  })

  test('keeps the tabs over a reload, with tokens that hold', async () => {
    await using browser = await openBrowser()
    const { page } = browser
    await page.goto(origin)
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'unreadCount' }).first().click()
    await page.keyboard.press('End')
    await page.keyboard.type(' updateCursor')
    const kept = () => page.evaluate<string | null>(`localStorage.getItem('graphiql:tabState')`)
    await expect.poll(kept, patience).toContain('unreadCount updateCursor')
    // As of a start with another secret: the subject is right, the rest is not.
    await page.goto(`${origin}/healthz`)
    await page.evaluate(
      `localStorage.setItem('graphiql:tabState', localStorage.getItem('graphiql:tabState').replace(/eyJ[\\w-]*\\.([\\w-]+)\\.[\\w-]+/g, 'eyJ.$1.stale'))`,
    )
    expect(await kept()).toContain('stale')
    await page.goto(`${origin}/graphql`)
    await run(page, 'unreadConversationCount')
    await expect.poll(() => answer(page), patience).toContain('"updateCursor"')
    expect(await kept()).not.toContain('stale')
  })
})

async function tabsAre(page: Page, first: readonly string[]): Promise<void> {
  const names = () => page.locator('.graphiql-tab-button').allInnerTexts()
  await expect.poll(async () => (await names()).slice(0, first.length), patience).toEqual(first)
}

/** Runs the operation that this line is in, as Ctrl+Enter does. */
async function run(page: Page, line: string): Promise<void> {
  await page.locator('.graphiql-query-editor .view-line', { hasText: line }).first().click()
  await page.keyboard.press('Control+Enter')
}

/** What the answer's pane shows; the editor writes blanks that do not break. */
async function answer(page: Page): Promise<string> {
  const lines = await page.locator('.graphiql-response .view-line').allInnerTexts()
  return lines.join('\n').replaceAll('\u00a0', ' ')
}
