import { generateKeyPairSync } from 'node:crypto'
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { App } from '../../src/app.js'
import type { Person } from '../support/person.js'
import { countRows } from '../support/rows.js'
import { secret, startNode, World } from '../support/world.js'

const marker = 'ZqMarkerXw'
const now = () => Math.floor(Date.now() / 1000)

let world: World
let strict: App
let patient: Person

beforeAll(async () => {
  world = await World.start()
  // A second node that minds issuer and audience.
  strict = await startNode(world.database.connectionString, {
    env: { JWT_ISSUER: 'the-idp', JWT_AUDIENCE: 'parley' },
  })
  patient = await world.person('PATIENT')
})
afterAll(async () => {
  await strict[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

interface Making {
  readonly alg?: string
  readonly key?: string
}

async function signed(claims: JWTPayload, { alg = 'HS256', key = secret }: Making = {}): Promise<string> {
  return `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key))}`
}

const good = (): JWTPayload => ({ sub: patient.externalId, exp: now() + 600, jti: marker })
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

async function tampered(): Promise<string> {
  const [head, , signature] = (await signed(good())).split('.')
  const payload = Buffer.from(JSON.stringify({ ...good(), sub: 'the-admin' })).toString('base64url')
  return `${head}.${payload}.${signature}`
}

const wrong: [what: string, authorization: () => string | Promise<string>][] = [
  ['nothing', () => ''],
  ['no scheme', () => marker],
  ['another scheme', () => `Basic ${marker}`],
  ['an empty token', () => 'Bearer '],
  ['no JWT', () => `Bearer ${marker}`],
  ['three dots', () => `Bearer ${marker}.${marker}.${marker}`],
  ['9,000 characters', () => `Bearer ${marker.repeat(900)}`],
  ['alg none', () => `Bearer ${new UnsecuredJWT(good()).encode()}`],
  ['another secret', () => signed(good(), { key: 'another secret, of at least 32 bytes, too' })],
  ['another algorithm', () => signed(good(), { alg: 'HS512', key: secret.repeat(2) })],
  [
    'a key pair of one’s own',
    async () => `Bearer ${await new SignJWT(good()).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)}`,
  ],
  ['a payload changed afterwards', tampered],
  ['expired', () => signed({ ...good(), exp: now() - 1 })],
  ['not valid yet', () => signed({ ...good(), nbf: now() + 600 })],
  ['without an end', () => signed({ sub: patient.externalId, jti: marker })],
  ['without a subject', () => signed({ exp: now() + 600, jti: marker })],
  ['an unknown subject', () => signed({ ...good(), sub: marker })],
  ['an empty subject', () => signed({ ...good(), sub: '' })],
  ['a subject with NUL', () => signed({ ...good(), sub: `${marker}\0` })],
]

async function answerTo(url: string, authorization: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
    body: JSON.stringify({ query: `{ viewer { id } } # ${marker}` }),
  })
  return { status: response.status, text: await response.text() }
}

async function refused(url: string, authorization: string): Promise<void> {
  const before = await countRows(world)
  const { status, text } = await answerTo(url, authorization)
  expect([status, JSON.parse(text).errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED'])
  expect(text).not.toContain(marker)
  expect(await countRows(world)).toEqual(before)
}

describe('a token is refused: 401, UNAUTHENTICATED', () => {
  test.each(wrong)('%s', async (_, make) => refused(world.url(), await make()))

  const foreign: [what: string, claims: JWTPayload][] = [
    ['of another issuer', { iss: 'another', aud: 'parley' }],
    ['without an issuer', { aud: 'parley' }],
    ['for another audience', { iss: 'the-idp', aud: 'another' }],
    ['without an audience', { iss: 'the-idp' }],
  ]
  test.each(foreign)('%s', async (_, claims) =>
    refused(`${strict.url}/graphql`, await signed({ ...good(), ...claims })),
  )

  test('of somebody who was deactivated, at once on the node that did it', async () => {
    const former = await world.person('PATIENT')
    expect((await former.ask('{ viewer { id } }')).status).toBe(200)
    await former.upsert({ isActive: false })
    expect(await former.ask('{ viewer { id } }')).toEqual({
      status: 401,
      errors: [{ message: 'This account is not active.', extensions: { code: 'UNAUTHENTICATED' } }],
    })
  })
})

test('good tokens are let in, with the role that is stored and not the one they claim', async () => {
  const claims = { ...good(), role: 'ADMIN', iss: 'the-idp', aud: ['other', 'parley'] }
  for (const url of [world.url(), `${strict.url}/graphql`])
    expect((await answerTo(url, await signed(claims))).status).toBe(200)
  const { viewer } = await patient.must<{ viewer: { user: { role: string } } }>(
    '{ viewer { user { role } } }',
  )
  expect(viewer.user.role).toBe('PATIENT')
})
