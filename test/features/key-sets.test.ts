import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { World } from '../support/world.js'

const { privateKey, publicKey } = await generateKeyPair('ES256')
let isAway = true
let provider: Server
let world: World

beforeAll(async () => {
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  provider = createServer((_, response) => {
    response.writeHead(isAway ? 500 : 200, { 'content-type': 'application/json' })
    response.end(isAway ? '{}' : JSON.stringify({ keys: [jwk] }))
  })
  provider.listen(0, '127.0.0.1')
  await once(provider, 'listening')
  const { port } = provider.address() as AddressInfo
  world = await World.start({ env: { JWT_SECRET: '', JWKS_URL: `http://127.0.0.1:${port}/keys` } })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  provider.close()
})

async function ask(key: typeof privateKey): Promise<{ status: number; code: string | undefined }> {
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setSubject('platform')
    .setExpirationTime('1h')
    .sign(key)
  const response = await fetch(world.url(), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: '{"query":"{ viewer { user { role } } }"}',
  })
  const { errors }: { errors?: { extensions: { code: string } }[] } = JSON.parse(await response.text())
  return { status: response.status, code: errors?.[0]?.extensions.code }
}

test('while the key set is out of reach nobody is told that their token is bad', async () => {
  isAway = true
  expect(await ask(privateKey)).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' })
  isAway = false
  expect(await ask(privateKey)).toEqual({ status: 200, code: undefined })
})

test('a token of another key is bad', async () => {
  isAway = false
  const other = await generateKeyPair('ES256')
  expect(await ask(other.privateKey)).toEqual({ status: 401, code: 'UNAUTHENTICATED' })
})
