// What the first paint costs: scripts and styles that index.html names, compressed. Over 180 kB fails.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const MOST = 180_000
const dist = new URL('../dist/', import.meta.url)
const page = readFileSync(new URL('index.html', dist), 'utf8')
const files = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1])
const sizes = files.map((file) => [file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length])
for (const [file, size] of sizes) console.log(`${(size / 1000).toFixed(1).padStart(7)} kB  ${file}`)
const total = sizes.reduce((sum, [, size]) => sum + size, 0)
console.log(`${(total / 1000).toFixed(1).padStart(7)} kB  first paint, of ${MOST / 1000} kB`)
if (files.length === 0 || total > MOST) process.exit(1)
