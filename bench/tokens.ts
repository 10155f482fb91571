import { randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'

export const jwtIssuer = 'bench'
export const jwtAudience = 'parley'
export const jwtSecret = randomBytes(48).toString('base64url')

/** A token that both servers take, good for the whole run. */
export function tokenFor(subject: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setIssuer(jwtIssuer)
    .setAudience(jwtAudience)
    .setIssuedAt()
    .setExpirationTime('3h')
    .sign(new TextEncoder().encode(jwtSecret))
}
