import { parse } from 'graphql'
import { expect, test } from 'vitest'
import { costOf } from '../../src/graphql/cost.js'

const cost = (document: string, variables: Record<string, unknown> = {}, name?: string) =>
  costOf(parse(document), name, variables)

test('a field costs one, a page its size times what it holds', () => {
  expect(cost('{ viewer { id } }')).toBe(2)
  expect(cost('{ conversations(first: 10) { edges { node { id } } } }')).toBe(1 + 10 * 3)
  expect(cost('{ conversations(last: 10) { edges { cursor } } }')).toBe(1 + 10 * 2)
})

test('pages within pages multiply, through fragments too', () => {
  const document = `
    query ($n: Int) { conversations(first: 100) { edges { node { ...Talk } } } }
    fragment Talk on Conversation { messages(first: $n) { edges { node { id } } } }`
  expect(cost(document, { n: 100 })).toBe(1 + 100 * (2 + (1 + 100 * 3)))
  expect(cost(document, { n: 1 })).toBe(1 + 100 * (2 + (1 + 1 * 3)))
})

test('lists of ids and lists with a default count as what they give', () => {
  expect(cost('{ nodes(ids: ["a", "b", "c"]) { id } }')).toBe(1 + 3)
  expect(cost('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: ['a', 'b'] })).toBe(1 + 2)
  expect(cost('{ conversation(id: "a") { participants { edges { cursor } } } }')).toBe(1 + 1 + 20 * 2)
})

test('what people put on messages counts as what there usually is, and as what is asked for', () => {
  const page = (fields: string) => `{ conversations(first: 100) { edges { node { ${fields} } } } }`
  expect(cost(page('pinnedMessages { reactions { emoji users { id } } }'))).toBe(
    1 + 100 * (2 + (1 + 10 * (1 + 5 * (1 + 1 + 10)))),
  )
  expect(cost(page('pinnedMessages { reactions { users(first: 256) { id } } }'))).toBeGreaterThan(1_000_000)
})

test('what leads back to itself counts as the most that it gives', () => {
  const nested = (levels: number): string =>
    levels === 0 ? 'id' : `pinnedMessages { conversation { ${nested(levels - 1)} } }`
  const of = (levels: number) => cost(`{ conversation(id: "a") { ${nested(levels)} } }`)
  expect(of(1)).toBe(1 + 1 + 10 * (1 + 1))
  expect(of(2)).toBe(1 + 1 + 10 * (1 + (1 + 50 * (1 + 1))))
  expect(of(3)).toBeGreaterThan(50_000)
  expect(of(4)).toBeGreaterThan(2_500_000)
  const fragment = `fragment P on Conversation { pinnedMessages { conversation { id ...Q } } } fragment Q on Conversation { pinnedMessages { conversation { ...R } } }
    fragment R on Conversation { pinnedMessages { conversation { pinnedMessages { id } } } }`
  expect(cost(`{ conversation(id: "a") { ...P ...R } } ${fragment}`)).toBeGreaterThan(1_000_000)
})

test('a window counts as its size, which has a default', () => {
  const size7 = '{ conversation(id: "a") { messageWindow(size: 7) { edges { cursor } } } }'
  const usual = '{ conversation(id: "a") { messageWindow { edges { cursor } } } }'
  const asNull = '{ conversation(id: "a") { messageWindow(around: "b", size: null) { edges { cursor } } } }'
  const asked = 'query ($n: Int) { conversation(id: "a") { messageWindow(size: $n) { edges { cursor } } } }'
  expect(cost(size7)).toBe(1 + 1 + 7 * 2)
  for (const document of [usual, asNull, asked]) expect(cost(document)).toBe(1 + 1 + 50 * 2)
  expect(cost(asked, { n: 100 })).toBe(1 + 1 + 100 * 2)
})

test('a null or omitted argument gives way to the other, a default counts, and nothing counts less than it gives', () => {
  const page = (fields: string, variables = '') =>
    `query ${variables} { conversations(${fields}) { edges { cursor } } }`
  const hundred = 1 + 100 * 2
  expect(cost(page('first: null, last: 100'))).toBe(hundred)
  expect(cost(page('first: $f, last: 100', '($f: Int)'), { f: null })).toBe(hundred)
  expect(cost(page('first: $f, last: 100', '($f: Int)'))).toBe(hundred)
  expect(cost(page('first: $n', '($n: Int = 100)'))).toBe(hundred)
  expect(cost(page('first: $n', '($n: Int = 100)'), { n: 7 })).toBe(1 + 7 * 2)
  expect(
    cost('query ($n: Int = 90) { conversation(id: "a") { messageWindow(size: $n) { edges { cursor } } } }'),
  ).toBe(1 + 1 + 90 * 2)
  const people = 'query ($ids: [ID!]!) { presence(userIds: $ids) { userId } }'
  expect(cost(people, { ids: ['a', 'b', 'c'] })).toBe(1 + 3)
  expect(cost(people.replace('query', 'subscription'), { ids: ['a', 'b', 'c'] })).toBe(1 + 1)
  expect(cost('{ updates(after: "a") { updates { cursor } } }')).toBe(1 + 100 * 2)
  expect(cost('subscription { updates { cursor } }')).toBe(1 + 1)
})

test('a search costs what it looks at, however it is asked for', () => {
  const page = (filter: string, variables = '') =>
    `query ${variables} { conversations(first: 1, filter: ${filter}) { edges { cursor } } }`
  expect(cost(page('{ kind: GROUP }'))).toBe(1 + 2)
  expect(cost(page('{ search: null }'))).toBe(1 + 2)
  expect(cost(page('{ search: "a" }'))).toBe(25_000 + 1 + 2)
  expect(cost(page('{ search: $s }', '($s: String)'))).toBe(1 + 2)
  expect(cost(page('{ search: $s }', '($s: String)'), { s: 'a' })).toBe(25_000 + 1 + 2)
  expect(cost(page('{ search: $s }', '($s: String = "a")'))).toBe(25_000 + 1 + 2)
  expect(cost(page('$f', '($f: ConversationFilter)'), { f: { search: 'a' } })).toBe(25_000 + 1 + 2)
  expect(cost(page('$f', '($f: ConversationFilter)'), { f: { search: null } })).toBe(1 + 2)
  expect(cost(page('$f', '($f: ConversationFilter = { search: "a" })'))).toBe(25_000 + 1 + 2)
})

test('only the operation that is meant counts', () => {
  const document = 'query A { viewer { id } serverInfo { version } } query B { viewer { id } }'
  expect(cost(document, {}, 'B')).toBe(2)
})
