// The browser's part of the explorer benchmark: one real tab on a real console.
//
// usage: node browser.mjs URL PODS CLUSTER ROOT — run in web/, for its playwright-core. Prints one JSON line.
// first_rows_ms: from opening the page to the first painted row. sort_p99_ms: from the click on a heading, or the last
// letter of a filter, to the frame in which the window stands. event_p99_ms: from the write into etcd to the painted
// cell, at 2,000 changes a second. heap_mib: the tab's JavaScript heap after a collection.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [url, pods, cluster, root] = process.argv.slice(2)
const { chromium } = createRequire(join(process.cwd(), 'package.json'))('playwright-core')
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--js-flags=--expose-gc']
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags })
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
const percentile = (list, part) => [...list].sort((a, b) => a - b)[Math.max(0, Math.ceil(list.length * part) - 1)] ?? null

try {
  // The login page goes on by itself; first paint is measured on a page whose files are in the cache.
  await page.goto(url.replace('qd.localhost', 'localhost'))
  await page.waitForSelector('[role=gridcell]', { timeout: 60_000 })
  await total(Number(pods))
  const console_ = new URL(page.url()).origin
  const first = []
  for (let round = 0; round < 5; round += 1) {
    await page.goto('about:blank')
    const started = Date.now()
    await page.goto(`${console_}/`, { waitUntil: 'commit' })
    await page.waitForSelector('[role=gridcell]', { timeout: 60_000 })
    first.push(Date.now() - started)
  }
  await total(Number(pods))
  const sorts = await sortAndFilter()
  const events = await follow()
  const heap = await page.evaluate(() => {
    globalThis.gc?.()
    return performance.memory.usedJSHeapSize / 1024 / 1024
  })
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  console.log(
    JSON.stringify({
      first_rows_ms: percentile(first, 0.5),
      sort_p99_ms: percentile(sorts, 0.99),
      event_p50_ms: percentile(events, 0.5),
      event_p99_ms: percentile(events, 0.99),
      events_seen: events.length,
      heap_mib: Math.min(heap, usedSize / 1024 / 1024),
    }),
  )
} finally {
  await browser.close()
}

/** Waits until the grid has all rows. */
async function total(rows) {
  await page.waitForFunction((n) => Number(document.querySelector('[role=grid]')?.getAttribute('aria-rowcount')) > n, rows, { timeout: 120_000 })
}

/** Sorts by every visible column, both ways, and filters by words; milliseconds to the painted window each. */
async function sortAndFilter() {
  return page.evaluate(async () => {
    const grid = document.querySelector('[role=grid]')
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))
    const signature = () => [...grid.querySelectorAll('[role=row]')].slice(1, 8).map((row) => row.textContent).join('|') + grid.getAttribute('aria-rowcount')
    const change = async (act) => {
      const before = signature()
      const started = performance.now()
      act()
      while (signature() === before) {
        await painted()
        // A sort may leave the window as it was.
        if (performance.now() - started > 400) return null
      }
      return performance.now() - started
    }
    const times = []
    const heads = grid.querySelectorAll('[role=columnheader]').length
    for (let at = 0; at < heads; at += 1) {
      for (let turn = 0; turn < 2; turn += 1) {
        const took = await change(() => grid.querySelectorAll('[role=columnheader]')[at].click())
        if (took !== null) times.push(took)
        await painted()
      }
    }
    return times
  })
}

/** Follows changes at 2,000 a second; milliseconds from each write to the painted cell, for rows in the window. */
async function follow() {
  const journal = join(mkdtempSync(join(tmpdir(), 'bench-')), 'churn')
  await page.evaluate(() => {
    const grid = document.querySelector('[role=grid]')
    const ids = [...grid.querySelectorAll('[role=columnheader]')].map((head) => head.textContent.trim().toLowerCase())
    const at = { namespace: ids.findIndex((id) => id.startsWith('namespace')), name: ids.findIndex((id) => id.startsWith('name') && !id.startsWith('namespace')), restarts: ids.findIndex((id) => id.startsWith('restarts')) }
    const last = new Map()
    globalThis.seen = []
    const look = () => {
      const now = Date.now()
      for (const row of grid.querySelectorAll('[role=row]')) {
        const cells = row.querySelectorAll('[role=gridcell]')
        const name = cells[at.name]
        if (name === undefined) continue
        const key = `${cells[at.namespace]?.textContent}/${name.title || name.textContent}`
        const count = Number.parseInt(cells[at.restarts]?.textContent ?? '', 10)
        if (last.get(key) !== count) {
          last.set(key, count)
          globalThis.seen.push([key, count, now])
        }
      }
      requestAnimationFrame(look)
    }
    look()
  })
  const churn = spawn('cargo', ['run', '--quiet', '--package', 'xtask', '--', 'cluster', 'tool', '--name', cluster, 'churn', '--rate', '2000', '--seconds', '15', '--pods', pods, '--journal', journal], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const code = await new Promise((done) => churn.on('exit', done))
  if (code !== 0) throw new Error(`churn ended with ${code}`)
  await page.waitForTimeout(1000)
  const seen = await page.evaluate(() => globalThis.seen)
  const written = new Map()
  for (const line of readFileSync(journal, 'utf8').split('\n')) {
    const [key, count, nanos] = line.trim().split(/\s+/)
    if (nanos !== undefined) written.set(`${key} ${count}`, Number(nanos) / 1e6)
  }
  const times = []
  for (const [key, count, at] of seen) {
    const wrote = written.get(`${key} ${count}`)
    if (wrote !== undefined) times.push(at - wrote)
  }
  return times
}
