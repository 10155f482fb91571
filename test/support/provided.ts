/** What the global setup hands to every test file. */
export type Provided = {
  /** The superuser's connection to the cluster's database `postgres`. */
  adminUrl: string
  templateName: string
  /** Null where the machine has no redis-server. */
  redisUrl: string | null
  /** Collects the names of the suites that were skipped for want of Redis, one a line. */
  skippedFile: string
}

declare module 'vitest' {
  interface ProvidedContext {
    parley: Provided
  }
}
