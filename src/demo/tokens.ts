import { SignJWT } from 'jose'
import type { TokenRules } from '../http/authenticate.js'

/** Signs a token for somebody, with the secret of an unconfigured start. Null where tokens come from elsewhere. */
export async function signToken(rules: TokenRules, subject: string, days = 7): Promise<string | null> {
  if (rules.key.kind !== 'secret') return null
  const token = new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(`${days}d`)
  if (rules.issuer !== null) token.setIssuer(rules.issuer)
  if (rules.audience !== null) token.setAudience(rules.audience)
  return token.sign(new TextEncoder().encode(rules.key.secret))
}
