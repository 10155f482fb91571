import { readFile } from 'node:fs/promises'
import { SignJWT } from 'jose'

export interface Issuer {
  readonly secret: string
  readonly issuer: string
  readonly audience: string
}

/** Makes a token for a person, by their external id; good for half a day. */
export type Sign = (subject: string) => Promise<string>

/** Where neither a file nor JWT_SECRET is given, the secret is the one that an unconfigured Parley makes for itself. */
export async function findIssuer(env: NodeJS.ProcessEnv, secretFile: string | undefined): Promise<Issuer> {
  const given = secretFile === undefined ? env.JWT_SECRET : undefined
  const secret = given || (await readSecret(secretFile ?? '.parley/jwt-secret'))
  return { secret, issuer: env.JWT_ISSUER || 'parley', audience: env.JWT_AUDIENCE || 'parley' }
}

async function readSecret(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    const message = `No secret to sign tokens with: ${file} can't be read; give --secret-file or JWT_SECRET`
    throw new Error(message, { cause })
  }
}

export function signWith({ secret, issuer, audience }: Issuer): Sign {
  const key = new TextEncoder().encode(secret)
  return (subject) =>
    new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(subject)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('12h')
      .sign(key)
}
