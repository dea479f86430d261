import { defineConfig } from 'vitest/config'

/** Journeys in real Chromium against a real `qd`; one file at a time, because they share one cluster. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['e2e/**/*.e2e.ts'],
    fileParallelism: false,
    // A machine that builds for others makes real delays; `cargo xtask test` tells which ran twice, and bounds how many may.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
