import { getOperationAST, parse, print, separateOperations } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoExplorer } from '../../src/demo/explorer/tabs.js'
import type { ExplorerTab } from '../../src/http/graphiql.js'
import { type DemoWorld, startDemoWorld } from '../support/demo-world.js'
import { Person } from '../support/person.js'
import { SseStream } from '../support/sse.js'
import { World } from '../support/world.js'

// GraphiQL's tabs on the demo, each operation as it stands there, from left to right.

let demo: DemoWorld
let world: World
let tabs: readonly ExplorerTab[]
beforeAll(async () => {
  demo = await startDemoWorld()
  world = demo.world
  const [node] = world.nodes
  if (node) tabs = (await demoExplorer(node.services, node.tokens)).tabs
})
afterAll(async () => {
  await demo[Symbol.asyncDispose]()
})

/** What a mutation answers where that is no payload, and what is there where a null is meant. */
const meant: Record<string, unknown> = {
  EditMessage: { editMessage: expect.objectContaining({ code: 'EDIT_WINDOW_CLOSED' }) },
  Refused: {
    sendMessage: expect.objectContaining({ code: 'CANNOT_SEND', reasons: ['CONVERSATION_CLOSED'] }),
  },
  WhyNot: {
    conversation: {
      viewerCanSend: false,
      viewerCannotSendReasons: ['NO_CARE_RELATIONSHIP'],
      lastMessage: { body: expect.any(String) },
    },
  },
  SomebodyElses: { conversation: null },
  NotThePlatform: { upsertUser: expect.objectContaining({ code: 'FORBIDDEN' }) },
}

interface Step {
  readonly name: string
  readonly kind: string
  readonly query: string
}

/** The operations of a document in their order, each with what it needs of it. */
function stepsOf(query: string): Step[] {
  return Object.entries(separateOperations(parse(query))).map(([name, document]) => ({
    name,
    kind: getOperationAST(document)?.operation ?? '',
    query: print(document),
  }))
}

/** Whose line is not commented out. */
const asks = ({ headers }: ExplorerTab) =>
  /^ {2}\/\* (\S+) +([A-Z]+) +\*\/ "Authorization": "Bearer \S+",$/m.exec(headers)

test('each tab asks as whom its first line names, with a line for everybody', () => {
  for (const tab of tabs) {
    expect(tab.query).toMatch(new RegExp(`^# (.*\\n#)*.*As ${asks(tab)?.[1]}\\b`, 'im'))
    expect(tab.headers.match(/"Authorization": "Bearer \S+\.\S+\.\S+"/g)).toHaveLength(21)
    expect(tab.headers.match(/^ *"|^ *\/\*/gm)).toHaveLength(1)
  }
})

test('where tokens come from elsewhere, GraphiQL offers none and keeps none', async () => {
  await using plain = await World.start()
  const page = await fetch(plain.url(), { headers: { accept: 'text/html' } })
  const html = await page.text()
  expect(html).toContain('<title>Parley</title>')
  expect(html).toContain('"shouldPersistHeaders":false')
  expect(html).not.toMatch(/eyJ[\w-]+\.[\w-]+\./)
  const offered = await fetch(world.url(), { headers: { accept: 'text/html' } })
  expect(await offered.text()).toMatch(/eyJ[\w-]+\.[\w-]+\./)
})

test('the names of operations differ, and no line is wider than the editor', () => {
  const names = tabs.flatMap(({ query }) => stepsOf(query).map(({ name }) => name))
  expect(names.length).toBeGreaterThan(40)
  expect(new Set(names).size).toBe(names.length)
  expect(tabs.flatMap(({ query }) => query.split('\n').filter((line) => line.length > 58))).toEqual([])
})

test('every operation of every tab does what it says', async () => {
  for (const tab of tabs) {
    const variables: Record<string, unknown> = JSON.parse(tab.variables)
    // What is looked up in the database is there.
    expect(Object.entries(variables).filter(([name, value]) => value === null && name !== 'before')).toEqual(
      [],
    )
    const person = new Person(world, asks(tab)?.[1] ?? '', 'DOCTOR', 0)
    for (const { name, kind, query } of stepsOf(tab.query)) {
      if (kind === 'subscription') {
        const stream = await SseStream.open(person, query, variables)
        // Of new messages there are none yet.
        if (name === 'NewMessages') expect(stream.response.status).toBe(200)
        else await expect.poll(() => stream.results[0]).toEqual({ data: expect.anything() })
        await stream.close()
        continue
      }
      const { status, data, errors } = await person.ask(query, variables)
      expect([name, status, errors]).toEqual([name, 200, undefined])
      if (name in meant) expect([name, data]).toEqual([name, meant[name]])
      else if (kind === 'mutation') {
        const payload = expect.objectContaining({ __typename: expect.stringMatching(/Payload$/) })
        expect([name, Object.values(data ?? {})]).toEqual([name, [payload]])
      } else expect([name, Object.values(data ?? {}).filter((value) => value === null)]).toEqual([name, []])
    }
  }
})
