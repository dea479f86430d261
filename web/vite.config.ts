import { existsSync } from 'node:fs'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The compiler of capture filters is of the same crate as that of `qd`.
if (!existsSync(new URL('generated/bpf.wasm', import.meta.url)))
  throw new Error('web/generated/bpf.wasm is not there: `cargo xtask console` makes it')

/** The console's build. Everything is an external file from this origin: the server's CSP allows nothing inline. */
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/api': { target: 'http://127.0.0.1:5099', ws: true } },
  },
  test: {
    environment: 'happy-dom',
    // Times of day are drawn in the reader's zone.
    env: { TZ: 'UTC' },
    include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.ts'],
  },
})
