import { existsSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { demoDirectConversations, demoGroups } from '../../src/demo/dialogues.js'
import { demoPeople } from '../../src/demo/people.js'
import { freePort } from '../../src/platform/free-port.js'
import { isAlive } from '../../src/platform/process-identity.js'
import { ParleyProcess, until } from '../support/parley-process.js'

// One data directory through its life: each test goes on where the one before has stopped.

vi.setConfig({ testTimeout: 120_000 })
const doctor = 'dr-osman'
let processes: ParleyProcess[] = []
let directory: string
let marker: string
let port: number
const clusters = new Set<string>()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-local-'))
  marker = join(directory, 'seeding')
  port = await freePort()
})

// Only a test that has failed leaves one running.
afterEach(async () => {
  for (const parley of processes) {
    const below = await parley.descendants()
    await parley.end('SIGKILL')
    for (const [, data] of parley.stderr.matchAll(/data="([^"]+)"/g)) if (data) clusters.add(data)
    for (const pid of below) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  }
  processes = []
})

afterAll(async () => {
  // As root, PostgreSQL keeps its data where another user can reach it.
  for (const data of clusters) await rm(dirname(data), { recursive: true, force: true })
  await rm(directory, { recursive: true, force: true })
})

function start(env: Record<string, string> = {}): ParleyProcess {
  const parley = ParleyProcess.start({ PARLEY_DATA_DIR: directory, PORT: String(port), ...env })
  processes.push(parley)
  return parley
}

/** Waits until it is open, and gives the printed token of a person. */
async function tokenOf(parley: ParleyProcess, person = doctor): Promise<string> {
  const [, token] = await parley.printed(new RegExp(`^ +${person} +[A-Z]+ +(\\S+)\\n`, 'm'))
  await parley.printed(/Ctrl-C/)
  return token ?? ''
}

async function conversationCount(token: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ conversations(first: 100) { edges { node { id } } } }' }),
  })
  const answer: { data: { conversations: { edges: unknown[] } } } = JSON.parse(await response.text())
  return answer.data.conversations.edges.length
}

const expectedCount =
  demoDirectConversations.filter((conversation) => conversation.doctor === doctor).length +
  demoGroups.filter((group) => [group.owner, ...group.members].includes(doctor)).length

/** Stops it as Ctrl-C does, and expects that nothing stays behind and nothing is complained of. */
async function stopCleanly(parley: ParleyProcess, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  const below = await parley.descendants()
  expect(below.length).toBeGreaterThan(0)
  expect(await parley.end(signal)).toBe(0)
  expect(below.filter(isAlive)).toEqual([])
  expect(parley.stderr.split(/INFO +stopping/)[1]).toBe('\n')
  expect(existsSync(join(directory, 'parley.pid'))).toBe(false)
}

/** What is neither the log nor empty. */
const spoken = (text: string) =>
  text.split('\n').filter((line) => line !== '' && !/^[\d:.]{12} [A-Z]+ /.test(line))

test('a start that is interrupted before it has a database ends without a complaint', async () => {
  const parley = start()
  await until(() => existsSync(join(directory, 'parley.pid')), 'the lock')
  expect(await parley.end('SIGINT')).toBe(0)
  expect(parley.stdout).toBe('')
  expect(parley.stderr).not.toMatch(/WARN|ERROR/)
})

/** A start that was ended before has left its marker: the database is emptied, then seeded again. */
function seedingBegins(): Promise<unknown> {
  const ended = existsSync(marker) ? statSync(marker).mtimeMs : 0
  return until(() => existsSync(marker) && statSync(marker).mtimeMs > ended, 'the seeding to begin')
}

test('a start that is stopped or killed while it seeds leaves nothing half: the next one prints who there is', async () => {
  const stopped = start()
  await seedingBegins()
  expect(await stopped.end('SIGTERM')).toBe(0)
  expect(spoken(stopped.stderr)).toEqual([])
  expect(stopped.stderr).not.toMatch(/WARN|ERROR/)
  const killed = start()
  await seedingBegins()
  await killed.end('SIGKILL')
  expect(killed.stdout).toBe('')

  const parley = start()
  const token = await tokenOf(parley)
  for (const { externalId, role } of demoPeople)
    expect(parley.stdout).toMatch(new RegExp(`^ +${externalId} +${role} +\\S+\\.\\S+\\.\\S+$`, 'm'))
  expect(await conversationCount(token)).toBe(expectedCount)
  expect(existsSync(marker)).toBe(false)

  const page = await fetch(`http://127.0.0.1:${port}/graphql`, { headers: { accept: 'text/html' } })
  const html = await page.text()
  expect(page.status).toBe(200)
  expect(html).toContain('Parley')
  // Everything comes with the page, so it works where there is no other network.
  const tags = html.match(/<(?:script|link)\b[^>]*>/gi) ?? []
  expect(tags.length).toBeGreaterThan(1)
  expect(tags.filter((tag) => /(?:src|href)\s*=\s*["']?(?:https?:)?\/\//i.test(tag))).toEqual([])
  expect(html).not.toMatch(/unpkg\.com|jsdelivr\.net|esm\.sh/)

  const second = start()
  expect(await second.exitCode()).toBe(1)
  expect(spoken(second.stderr)).toEqual([
    expect.stringMatching(`already runs on ${directory}, at http://127.0.0.1:${port}/graphql`),
  ])
  expect(second.stdout).toBe('')
  await stopCleanly(parley, 'SIGINT')
})

test('the next start finds everything, soon', async () => {
  const began = performance.now()
  const parley = start()
  const token = await tokenOf(parley)
  const took = performance.now() - began
  expect(await conversationCount(token)).toBe(expectedCount)
  // Two seconds where nothing else runs; other tests do, and then it waits its turn.
  expect(took).toBeLessThan(5000 * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()))
  await stopCleanly(parley, 'SIGTERM')
})

test('a port in use is one line, and exit code 1', async () => {
  const occupant = createServer()
  await new Promise<void>((resolve) => occupant.listen(port, '127.0.0.1', resolve))
  const parley = start()
  expect(await parley.exitCode()).toBe(1)
  expect(spoken(parley.stderr)).toEqual([`Port ${port} is in use. Set PORT to another one.`])
  expect(parley.stdout).toBe('')
  await new Promise((resolve) => occupant.close(resolve))
})

test('what a killed Parley left is taken over, its PostgreSQL too', async () => {
  const killed = start()
  await tokenOf(killed)
  const below = await killed.descendants()
  await killed.end('SIGKILL')
  const parley = start()
  expect(await conversationCount(await tokenOf(parley))).toBe(expectedCount)
  expect(below.filter(isAlive)).toEqual([])
  await parley.end('SIGTERM')
})
