import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** What both runs share: graphql must be one copy, or `instanceof GraphQLError` fails and all is masked. */
export const shared = {
  resolve: {
    alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }],
  },
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Tests wait for PostgreSQL more than they compute.
    maxWorkers: Math.max(2, availableParallelism()),
  },
}

export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ['test/{unit,features,realtime,contract}/**/*.test.ts'],
    exclude: ['**/*.long.test.ts'],
  },
})
