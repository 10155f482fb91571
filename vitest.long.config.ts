import { defineConfig } from 'vitest/config'
import { shared } from './vitest.config.js'

// Faults stop, freeze and kill what others would be using: one file at a time.
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ['test/faults/**/*.test.ts', 'test/**/*.long.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
})
