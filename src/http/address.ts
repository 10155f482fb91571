import type { IncomingMessage } from 'node:http'

/**
 * Where a request came from. X-Forwarded-For is believed as far as the configuration trusts proxies: nobody's, everybody's,
 * or that of the nearest n.
 */
export function addressOf(request: IncomingMessage, trustProxy: boolean | number): string | null {
  const direct = request.socket.remoteAddress ?? null
  const header = request.headers['x-forwarded-for']
  if (trustProxy === false || header === undefined) return direct
  const hops = String(header)
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '')
  const nearest = trustProxy === true ? hops[0] : hops.at(-trustProxy)
  return nearest?.slice(0, 64) ?? direct
}
