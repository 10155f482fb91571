import type { Kind } from './kind.js'
import { clientKinds } from './of-clients.js'
import { nodeKinds } from './of-nodes.js'
import { postgresKinds } from './of-postgres.js'
import { redisKinds } from './of-redis.js'

/** Every kind of fault that can meet a ground with, or without, a Redis. */
export function kindsFor(hasRedis: boolean): readonly Kind[] {
  return [...nodeKinds, ...redisKinds, ...postgresKinds, ...clientKinds].filter(
    ({ needsRedis }) => hasRedis || !needsRedis,
  )
}
