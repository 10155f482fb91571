import { createPublicKey } from 'node:crypto'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import { ServiceUnavailableError, UnauthenticatedError } from '../errors.js'
import type { Actor } from '../features/context.js'
import type { Directory } from '../features/people/directory.js'
import { BoundedMap } from '../platform/bounded-map.js'

const cachedTokens = 20_000
const longestToken = 8192
const asymmetric = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

/** Who a token stands for, and until when. */
export interface Session {
  readonly viewer: Actor
  readonly expiresAt: Date
}

/** What tokens are verified with; a local secret has been read by now. */
export interface TokenRules {
  readonly key:
    | { readonly kind: 'secret'; readonly secret: string }
    | { readonly kind: 'public-key'; readonly pem: string }
    | { readonly kind: 'jwks'; readonly url: string }
  readonly issuer: string | null
  readonly audience: string | null
  readonly justInTimeProvisioning: boolean
}

type Verify = (token: string) => Promise<JWTPayload>

/**
 * The one authentication of HTTP, SSE and the socket: a JWT of the identity provider, whose subject must be an active
 * person here. The role is the stored one, whatever the token says. Verified tokens are remembered until they expire.
 */
export class Authenticator {
  private readonly verify: Verify
  private readonly verified = new BoundedMap<string, JWTPayload>(cachedTokens)

  constructor(
    private readonly rules: TokenRules,
    private readonly directory: Directory,
  ) {
    this.verify = verifier(rules)
  }

  /** Throws UnauthenticatedError; `isExpired` where a new token for the same person would do. */
  async authenticate(token: string | null): Promise<Session> {
    if (token === null || token === '')
      throw new UnauthenticatedError('Send a token: Authorization: Bearer …')
    const { sub, exp, name } = await this.claimsOf(token)
    if (sub === undefined || exp === undefined)
      throw new UnauthenticatedError('The token names nobody, or never expires.')
    const expiresAt = new Date(exp * 1000)
    const person =
      (await this.directory.find(sub)) ??
      (this.rules.justInTimeProvisioning
        ? await this.directory.provision(sub, 'PATIENT', typeof name === 'string' ? name : sub)
        : null)
    if (!person) throw new UnauthenticatedError('Nobody here has this token’s subject.')
    if (!person.isActive) throw new UnauthenticatedError('This account is not active.', true)
    return { viewer: { id: person.id, externalId: person.externalId, role: person.role }, expiresAt }
  }

  private async claimsOf(token: string): Promise<JWTPayload> {
    const known = this.verified.get(token)
    if (known && (known.exp ?? 0) * 1000 > Date.now()) return known
    if (token.length > longestToken) throw new UnauthenticatedError('The token is too long.')
    try {
      const claims = await this.verify(token)
      this.verified.set(token, claims)
      return claims
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new UnauthenticatedError('The token has expired.', true)
      if (this.rules.key.kind === 'jwks' && !isAboutToken(error)) throw new ServiceUnavailableError()
      throw new UnauthenticatedError('The token is not valid.')
    }
  }
}

/** Whether it is the token that is wrong, rather than the key set that could not be had. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    error.code !== 'ERR_JOSE_GENERIC' &&
    !(error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid)
  )
}

function verifier({ key, issuer, audience }: TokenRules): Verify {
  const options = (algorithms: string[]): JWTVerifyOptions => ({
    algorithms,
    requiredClaims: ['sub', 'exp'],
    ...(issuer === null ? {} : { issuer }),
    ...(audience === null ? {} : { audience }),
  })
  if (key.kind === 'secret') {
    const secret = new TextEncoder().encode(key.secret)
    return async (token) => (await jwtVerify(token, secret, options(['HS256']))).payload
  }
  if (key.kind === 'public-key') {
    const publicKey = createPublicKey(key.pem)
    return async (token) => (await jwtVerify(token, publicKey, options(asymmetric))).payload
  }
  const keys = createRemoteJWKSet(new URL(key.url))
  return async (token) => (await jwtVerify(token, keys, options(asymmetric))).payload
}

/** The token of an Authorization header or its like in connection_init; null when there is none. */
export function bearerToken(header: unknown): string | null {
  if (typeof header !== 'string') return null
  const match = /^Bearer +(\S+)$/i.exec(header.trim())
  return match?.[1] ?? null
}
