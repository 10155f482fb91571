import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DemoWorld, startDemoWorld } from '../support/demo-world.js'
import { token, type World } from '../support/world.js'

// docs/curl.md, block by block in one shell, against the demo: each prints what stands below it.

const run = promisify(execFile)
const page = new URL('../../docs/curl.md', import.meta.url)

let demo: DemoWorld
let world: World
beforeAll(async () => {
  demo = await startDemoWorld()
  world = demo.world
})
afterAll(async () => {
  await demo[Symbol.asyncDispose]()
})

interface Block {
  readonly script: string
  /** What it is to print; null where the page shows nothing. */
  readonly shown: string | null
}

/** Every shell block of the page, with the block of another language right below it. */
function blocksOf(text: string): Block[] {
  const found = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', content = '']) => ({
    language,
    content,
  }))
  return found.flatMap(({ language, content }, index) => {
    if (language !== 'sh') return []
    const next = found[index + 1]
    return [{ script: content, shown: next && next.language !== 'sh' ? next.content : null }]
  })
}

/** A text whose … stands for anything on one line. */
function pattern(shown: string): RegExp {
  const parts = shown.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${parts.join('.+')}$`)
}

/** How often a stream is kept up with a lone colon is a matter of time. */
const withoutPings = (text: string) => text.replaceAll(/^:\n\n/gm, '')

test('every command of the page prints what the page shows', async () => {
  const blocks = blocksOf(await readFile(page, 'utf8'))
  const end = 'the end of a block'
  const [tokens, ...rest] = blocks
  const given = (tokens?.script ?? '')
    .replace('http://127.0.0.1:4000/graphql', world.url())
    .replace('OSMAN=eyJ…', `OSMAN=${await token('dr-osman')}`)
    .replace('AMAL=eyJ…', `AMAL=${await token('amal')}`)
  expect(given).not.toContain('…')
  // More time than a reader needs: this machine may be busy.
  const patient = (script: string) =>
    script.replace('{ sleep 1;', '{ sleep 2;').replace(/^follow 3 /m, 'follow 6 ')
  const script = [given, ...rest.map((block) => `${patient(block.script)}\necho '${end}'\n`)].join('')
  const { stdout, stderr } = await run('bash', ['--norc', '-c', script], { env: { PATH: process.env.PATH } })
  expect(stderr).toBe('')
  const printed = stdout.replaceAll('\r', '').split(`${end}\n`)
  expect(printed.pop()).toBe('')
  expect(printed).toHaveLength(rest.length)
  expect(rest.filter(({ shown }) => shown === null)).toEqual([])
  for (const [index, { shown }] of rest.entries())
    expect(withoutPings(printed[index] ?? '')).toMatch(pattern(withoutPings(shown ?? '')))
})
