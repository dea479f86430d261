import { defineConfig } from 'vitest/config'

/** Journeys in real Chromium against a real `qd`; one file at a time, because they share one cluster. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['e2e/**/*.e2e.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
