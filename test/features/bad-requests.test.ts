import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RawRequest, request } from '../support/http.js'
import type { Person } from '../support/person.js'
import { countRows } from '../support/rows.js'
import { World } from '../support/world.js'

/** In every request that is refused, and in no answer. */
const marker = 'ZqMarkerXw'

let world: World
let patient: Person
let conversationId: string

beforeAll(async () => {
  world = await World.start()
  const pair = await world.pair()
  patient = pair.patient
  conversationId = pair.conversationId
})
afterAll(() => world[Symbol.asyncDispose]())

const post = (query: string, variables?: unknown, more: object = {}): Partial<RawRequest> => ({
  body: JSON.stringify({ query, ...(variables === undefined ? {} : { variables }), ...more }),
})
const nested = (open: string, close: string, times: number) => open.repeat(times) + close.repeat(times)
const send = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }'

const malformed: [what: string, request: Partial<RawRequest>][] = /* invalid */ [
  ['no body', { body: '' }],
  ['no JSON', { body: `{"query": "${marker}` }],
  ['a JSON text', { body: `"${marker}"` }],
  ['null', { body: 'null' }],
  ['a number', { body: '7' }],
  ['an array', { body: `[{"query":"{ ${marker} }"}]` }],
  ['JSON nested 100,000 deep', { body: nested('[', ']', 100_000) }],
  ['bytes that are no UTF-8', { body: new Uint8Array([0xff, 0xfe, 0x00, 0x7b]) }],
  ['no query', { body: `{"${marker}":1}` }],
  ['a query that is no text', { body: `{"query":{"${marker}":1}}` }],
  ['an empty document', post('')],
  ['a document of comments', post(`# ${marker}`)],
  ['a syntax error', post(`{ viewer { id ${marker}! }`)],
  ['an unterminated string', post(`{ user(externalId: "${marker}) { id } }`)],
  ['a document with NUL', post(`{ \0${marker} }`)],
  ['an unknown field', post(`{ ${marker} }`)],
  ['a misspelt field', post(`{ viewerr { ${marker} } }`)],
  ['an unknown argument', post(`{ viewer(${marker}: 1) { id } }`)],
  ['an unknown type', post(`query ($x: ${marker}) { viewer { id } }`)],
  ['an unknown fragment', post(`{ viewer { ...${marker} } }`)],
  ['an unused variable', post(`query ($${marker}: ID) { viewer { id } }`)],
  ['an unknown directive', post(`{ viewer @${marker} { id } }`)],
  ['a literal of the wrong type', post(`{ user(externalId: ${marker}) { id } }`)],
  ['an unknown enum value', post(`{ contacts(first: 1, role: ${marker}) { edges { cursor } } }`)],
  ['an integer out of its range', post('{ conversations(first: 10000000000) { edges { cursor } } }')],
  ['a leaf with a selection', post(`{ viewer { id { ${marker} } } }`)],
  ['an object without one', post('{ viewer }')],
  [
    'unknown operation',
    post('query A { viewer { id } } query B { viewer { id } }', {}, { operationName: marker }),
  ],
  ['no operation chosen', post('query A { viewer { id } } query B { viewer { id } }')],
  ['an operation name that is no text', post('{ viewer { id } }', {}, { operationName: [marker] })],
  ['variables that are no object', post('{ viewer { id } }', [marker])],
  ['variables that are a text', post('{ viewer { id } }', marker)],
  ['extensions that are no object', post('{ viewer { id } }', {}, { extensions: marker })],
  ['a missing variable', post(send, {})],
  ['an unknown input field', post(send, { input: { [marker]: marker } })],
  [
    'a key that is no UUID',
    post(send, { input: { conversationId: 'x', clientMessageId: marker, body: 'x' } }),
  ],
  [
    'a list for a text',
    post(send, { input: { conversationId: 'x', clientMessageId: [marker], body: [marker] } }),
  ],
  ['an object for an id', post('query ($id: ID!) { node(id: $id) { id } }', { id: { [marker]: 1 } })],
  [
    'a date that is none',
    post('mutation ($input: UpsertAppointmentInput!) { upsertAppointment(input: $input) { __typename } }', {
      input: {
        externalId: marker,
        patientExternalId: marker,
        doctorExternalId: marker,
        status: 'SCHEDULED',
        startsAt: marker,
      },
    }),
  ],
  [
    'a URL that is none',
    post('mutation ($input: UpsertUserInput!) { upsertUser(input: $input) { __typename } }', {
      input: { externalId: marker, displayName: marker, role: 'PATIENT', avatarUrl: marker },
    }),
  ],
  ['two operations, one a mutation, none chosen', post(`mutation A { __typename } query B { __typename }`)],
]

const costly: [what: string, document: string][] = /* invalid */ [
  ['selections 50,000 deep', nested('{a', '}', 50_000)],
  ['a list literal 50,000 deep', `{ user(externalId: ${nested('[', ']', 50_000)}) { id } }`],
  [
    'an object literal 20,000 deep',
    `{ user(externalId: ${'{a:'.repeat(20_000)}1${'}'.repeat(20_000)}) { id } }`,
  ],
  ['16 levels', `{ viewer ${'{ user '.repeat(15)} { id } ${'}'.repeat(15)} }`],
  ['fragments that make 16 levels', deepFragments()],
  [
    'fragments in a circle',
    '{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }',
  ],
  [
    '10,000 aliases',
    `{ ${Array.from({ length: 10_000 }, (_, index) => `a${index}: __typename`).join(' ')} }`,
  ],
  ['10,000 directives', `{ viewer ${'@include(if: true) '.repeat(10_000)} { id } }`],
  [
    '5,000 fragments',
    `{ viewer { id } } ${Array.from({ length: 5000 }, (_, i) => `fragment F${i} on Viewer { id }`).join(' ')}`,
  ],
  [
    '10,000 variables',
    `query (${Array.from({ length: 10_000 }, (_, i) => `$v${i}: ID`).join(' ')}) { viewer { id } }`,
  ],
]

function deepFragments(): string {
  const levels = Array.from({ length: 16 }, (_, level) => {
    const inner =
      level === 15
        ? 'id'
        : `conversation(withUserId: "") { messages(first: 1) { edges { node { ...F${level + 1} } } } }`
    return `fragment F${level} on ${level === 0 ? 'Viewer' : 'Message'} { ${inner} }`
  })
  return `{ viewer { ...F0 } } ${levels.join(' ')}`
}

const wrongTransport: [what: string, status: number, request: Partial<RawRequest>][] = [
  ['256 KiB and more', 413, post(`{ viewer { id } } # ${marker}${'x'.repeat(300_000)}`)],
  ['the same without its length', 413, { body: streamOf(`{"query":"${marker}${'x'.repeat(600_000)}"}`) }],
  ['text/plain', 415, { ...post(`{ ${marker} }`), headers: { 'content-type': 'text/plain' } }],
  [
    'a form',
    415,
    { body: `query=${marker}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ],
  ['multipart', 415, { body: marker, headers: { 'content-type': 'multipart/form-data; boundary=x' } }],
  ['application/graphql', 415, { body: `{ ${marker} }`, headers: { 'content-type': 'application/graphql' } }],
  [
    'GET of a mutation',
    400,
    { method: 'GET', search: '?query=mutation{unblockUser(input:{userId:"x"}){__typename}}' },
  ],
  ['GET of an unknown field', 400, { method: 'GET', search: `?query={${marker}}` }],
  ['GET of nothing', 400, { method: 'GET', search: `?${marker}=1` }],
  [
    'GET with variables that are no JSON',
    400,
    { method: 'GET', search: `?query={viewer{id}}&variables=${marker}` },
  ],
  ['PUT', 405, { method: 'PUT', body: `{"query":"{ ${marker} }"}` }],
  ['DELETE', 405, { method: 'DELETE' }],
  ['PATCH', 405, { method: 'PATCH', body: marker }],
  [
    'an origin that is not allowed',
    403,
    { ...post('{ viewer { id } }'), headers: { origin: `https://${marker}.example` } },
  ],
]

function streamOf(text: string): ReadableStream {
  return new Blob([text]).stream()
}

async function refused(raw: Partial<RawRequest>, status: number, code: string): Promise<void> {
  const before = await countRows(world)
  const answer = await request(world, { as: patient.externalId, ...raw })
  expect([answer.status, answer.codes.length > 0, new Set(answer.codes)]).toEqual([
    status,
    true,
    new Set([code]),
  ])
  expect(answer.text.toLowerCase()).not.toContain(marker.toLowerCase())
  expect(await countRows(world)).toEqual(before)
}

describe('a malformed request is BAD_REQUEST, not echoed, and writes nothing', () => {
  test.each(malformed)('%s', (_, raw) => refused(raw, 400, 'BAD_REQUEST'))
})

describe('a costly document is COST_EXCEEDED', () => {
  test.each(costly)('%s', (_, document) => refused(post(document), 400, 'COST_EXCEEDED'))
})

describe('the transport', () => {
  test.each(wrongTransport)('%s: %i', (_, status, raw) =>
    refused(raw, status, status === 403 ? 'FORBIDDEN' : 'BAD_REQUEST'),
  )

  test('another path is 404, and so with a code', async () => {
    await refused({ ...post(`{ ${marker} }`), search: `/${marker}` }, 404, 'NOT_FOUND')
  })

  test('after all of that the server still answers', async () => {
    const sent = await patient.send(conversationId, 'Still there?')
    expect(await patient.history(conversationId)).toMatchObject([{ id: sent.id, body: 'Still there?' }])
  })
})
