import {
  buildClientSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

const askingForTheSchema = [
  '{ __schema { description } }',
  '{ __type(name: "User") { name } }',
  '{ viewer { id } ...More } fragment More on Query { again: __schema { queryType { name } } }',
]

let world: World
let patient: Person

beforeAll(async () => {
  world = await World.start({ env: { INTROSPECTION: 'off' } })
  patient = await world.person('PATIENT')
})

afterAll(async () => {
  await patient.close()
  await world[Symbol.asyncDispose]()
})

/** The codes of what a socket answers to an operation. */
async function codesOverSocket(query: string): Promise<unknown[]> {
  const codes: unknown[] = []
  await new Promise<void>((resolve) => {
    patient.socket().subscribe(
      { query },
      {
        next: ({ errors }) => codes.push(...(errors ?? []).map((error) => error.extensions?.code)),
        error: (errors) => {
          if (Array.isArray(errors)) codes.push(...errors.map((error) => error.extensions?.code))
          else codes.push(errors)
          resolve()
        },
        complete: resolve,
      },
    )
  })
  return codes
}

test.each(askingForTheSchema)('with INTROSPECTION=off nobody is told the schema: %s', async (query) => {
  const answer = await patient.ask(query)
  expect(answer.data ?? null).toBe(null)
  expect(new Set(answer.errors?.map((error) => error.extensions.code))).toEqual(new Set(['BAD_REQUEST']))
  expect(new Set(await codesOverSocket(query))).toEqual(new Set(['BAD_REQUEST']))
})

test('nor by a hint at what was meant, nor by a page to explore it; __typename stays', async () => {
  const answer = await patient.ask(/* invalid */ '{ viewerr { id } }')
  expect(JSON.stringify(answer)).not.toMatch(/did you mean|viewer\b/i)
  const page = await fetch(world.url(), { headers: { accept: 'text/html' } })
  expect([401, 404, 405]).toContain(page.status)
  expect(await patient.must('{ __typename viewer { __typename } }')).toEqual({
    __typename: 'Query',
    viewer: { __typename: 'Viewer' },
  })
})

test('with INTROSPECTION=on it is told', async () => {
  await using open = await World.start({ env: { INTROSPECTION: 'on' } })
  const curious = await open.person('DOCTOR')
  // What GraphiQL and code generators ask is within the limits of depth and tokens.
  const told = await curious.must<IntrospectionQuery>(
    getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true }),
  )
  expect(printSchema(lexicographicSortSchema(buildClientSchema(told)))).toBe(
    printSchema(lexicographicSortSchema(schema)),
  )
})
