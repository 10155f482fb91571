import { buildSchema, parse, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.js'
import { selectEverything, unionsOf } from './everything.js'

// Clients generate such documents; two members that give one field name different types would forbid them.
describe('every field of every member can be selected together', () => {
  test.each(unionsOf(schema).map((union) => ({ union, name: union.name })))('$name', ({ union }) => {
    const document = selectEverything(schema, union)
    expect(validate(schema, parse(document)).map((error) => error.message)).toEqual([])
    expect(document).toContain('... on ')
  })
})

test('each mutation has a result union of its own with errors in it', () => {
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {})
  expect(mutations.length).toBeGreaterThan(10)
  const unions = new Set(unionsOf(schema).map((union) => union.name))
  for (const { name, type } of mutations) {
    const result = `${name.charAt(0).toUpperCase()}${name.slice(1)}Result`
    expect(`${type}`).toBe(`${result}!`)
    expect(unions).toContain(result)
  }
})

test('a schema whose members disagree is found', () => {
  const disagreeing = buildSchema(`
    interface Error { code: String! detail: String! }
    type A { at: String! thing: Thing! }
    type B implements Error { code: String! detail: String! at: Int! }
    type Thing { id: ID! }
    input Which { id: ID! }
    union Result = A | B
    type Holder { result(which: Which!): Result! }
    type Query { holder: Holder }`)
  const [union] = unionsOf(disagreeing)
  if (!union) throw new Error('no union')
  const document = selectEverything(disagreeing, union)
  expect(document).toBe(
    /* invalid */ 'query { holder { result(which: { id: "an id" }) { __typename ... on A { at thing { id } } ... on B { code detail at } ... on Error { code detail } } } }',
  )
  expect(validate(disagreeing, parse(document)).map((error) => error.message)).toEqual([
    expect.stringContaining('Fields "at" conflict'),
  ])
})
