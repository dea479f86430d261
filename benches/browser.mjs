// The browser's part of the explorer benchmark: one real tab on a real console that knows the same cluster by two names.
//
// usage: node browser.mjs URL PODS CLUSTER ROOT KUBECTL KUBECONFIG — run in web/, for its playwright-core. Prints one JSON line.
// load_ms: from opening the page to the first painted row. first_rows_ms: from choosing the other cluster, whose feeds
// begin then, to the first painted row. sort_*, filter_*: from the press on a heading, or the letter, to the frame in
// which the window stands. event_*: from the write into etcd to the painted cell, at 2,000 changes a second (busy); peer_*: the
// same up to the line of a `kubectl get --watch` that runs beside it; ours_*: from that line to the painted cell, so
// without the API server's own delay; calm is the same at 500 changes a second, which small machines can serve. heap_mib: the tab's JavaScript heap after a collection.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const [url, pods, cluster, root, kubectl, kubeconfig] = process.argv.slice(2)
const { chromium } = createRequire(join(process.cwd(), 'package.json'))('playwright-core')
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags })
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
const percentile = (list, part) => [...list].sort((a, b) => a - b)[Math.max(0, Math.ceil(list.length * part) - 1)] ?? null

try {
  await page.addInitScript(inPage)
  // The login page goes on by itself; loading is measured on a page whose files are in the cache.
  await page.goto(url.replace('qd.localhost', 'localhost'))
  await page.waitForSelector('[role=gridcell]', { timeout: 60_000 })
  // The first cluster is whole before another one is chosen: two first lists at once would be measured otherwise.
  await total(Number(pods))
  const first = await page.evaluate(() => globalThis.bench.choose('other'))
  await page.evaluate(() => globalThis.bench.choose('bench'))
  await total(Number(pods))
  const origin = new URL(page.url()).origin
  const loads = []
  for (let round = 0; round < 5; round += 1) {
    await page.goto('about:blank')
    await page.goto(`${origin}/`, { waitUntil: 'commit' })
    loads.push(await page.evaluate(() => globalThis.bench.loaded()))
  }
  await total(Number(pods))
  const sorts = await page.evaluate(() => globalThis.bench.sorts())
  const filters = await page.evaluate((words) => globalThis.bench.filters(words), ['app-17', 'sim-003', 'crash', 'prod', 'zzz', 'web-0', '10.', 'a', 'billing', 'x7'])
  const busy = await follow(2000)
  const calm = await follow(500)
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  console.log(
    JSON.stringify({
      load_ms: percentile(loads, 0.5),
      first_rows_ms: first,
      sort_p50_ms: percentile(sorts, 0.5),
      sort_p99_ms: percentile(sorts, 0.99),
      sorts: sorts.length,
      filter_p50_ms: percentile(filters, 0.5),
      filter_p99_ms: percentile(filters, 0.99),
      filters: filters.length,
      busy,
      calm,
      heap_mib: usedSize / 1024 / 1024,
    }),
  )
} finally {
  await browser.close()
}

/** Waits until the grid has all rows. */
async function total(rows) {
  await page.waitForFunction((n) => Number(document.querySelector('[role=grid]')?.getAttribute('aria-rowcount')) > n, rows, { timeout: 120_000 })
}

/** What runs in the page: it watches frames and paints from inside, so that no driver's delay is in the figures. */
function inPage() {
  const Plain = WebSocket
  let snapped = () => {}
  globalThis.WebSocket = class extends Plain {
    constructor(...words) {
      super(...words)
      this.addEventListener('message', (event) => {
        if (/^\{"(snap|delta)"/.test(event.data) && /"rows":\[\[/.test(event.data)) snapped()
      })
    }
  }
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))
  const grid = () => document.querySelector('[role=grid]')
  const cells = () => grid()?.querySelectorAll('[role=gridcell]').length ?? 0
  const rows = () => [...(grid()?.querySelectorAll('[role=row]') ?? [])].slice(1, 10)
  const signature = () => rows().map((row) => `${row.getAttribute('aria-rowindex')} ${row.textContent}`).join('|') + grid()?.getAttribute('aria-rowcount')
  const press = (element) => {
    const box = element.getBoundingClientRect()
    const at = { bubbles: true, cancelable: true, button: 0, isPrimary: true, pointerId: 1, clientX: box.x + 8, clientY: box.y + 8 }
    element.dispatchEvent(new PointerEvent('pointerdown', at))
    window.dispatchEvent(new PointerEvent('pointerup', at))
  }
  /** Milliseconds until the window is another one and painted; null when it stays as it was. */
  const change = async (act) => {
    const before = signature()
    const started = performance.now()
    act()
    while (signature() === before) {
      await painted()
      if (performance.now() - started > 1000) return null
    }
    return performance.now() - started
  }
  const type = (word) => {
    const input = document.querySelector('input[aria-label=Filter]')
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, word)
    input.dispatchEvent(new Event('input', { bubbles: true }))
  }
  globalThis.bench = {
    async loaded() {
      while (cells() === 0) await painted()
      await painted()
      return performance.now()
    },
    async choose(name) {
      const button = [...document.querySelectorAll('nav[aria-label=Clusters] button')].find((found) => found.title.startsWith(`${name}:`))
      const frame = new Promise((done) => {
        snapped = done
      })
      const started = performance.now()
      button.click()
      await frame
      do await painted()
      while (cells() === 0)
      snapped = () => {}
      return performance.now() - started
    },
    async sorts() {
      const times = []
      const count = grid().querySelectorAll('[role=columnheader]').length
      for (let at = 0; at < 2 * count; at += 1) {
        const took = await change(() => press(grid().querySelectorAll('[role=columnheader]')[at >> 1]))
        if (took !== null) times.push(took)
        await new Promise((done) => setTimeout(done, 100))
      }
      return times
    },
    async filters(words) {
      const times = []
      for (const word of words.flatMap((word) => [word, ''])) {
        const took = await change(() => type(word))
        if (took !== null) times.push(took)
        await new Promise((done) => setTimeout(done, 200))
      }
      return times
    },
    /** Notes when each restart count is painted. */
    follow() {
      const ids = [...grid().querySelectorAll('[role=columnheader]')].map((head) => head.dataset.column)
      const at = { namespace: ids.indexOf('namespace'), name: ids.indexOf('name'), restarts: ids.indexOf('restarts') }
      const last = new Map()
      const mine = []
      globalThis.seen = mine
      const look = () => {
        const now = Date.now()
        for (const row of [...grid().querySelectorAll('[role=row]')].slice(1)) {
          const cells = row.querySelectorAll('[role=gridcell]')
          const name = cells[at.name]
          if (name === undefined) continue
          const key = `${cells[at.namespace]?.textContent}/${name.title || name.textContent}`
          const count = Number.parseInt(cells[at.restarts]?.textContent ?? '', 10)
          if (last.get(key) !== count) {
            last.set(key, count)
            mine.push([`${key} ${count}`, now])
          }
        }
        if (globalThis.seen === mine) requestAnimationFrame(() => setTimeout(look, 0))
      }
      look()
    },
    type,
  }
}

/** Follows so many changes a second on the rows of one workload, in the tab and by kubectl. */
async function follow(rate) {
  const churn = async (seconds) => {
    const journal = join(mkdtempSync(join(tmpdir(), 'bench-')), 'churn')
    const own = process.env.QD_XTASK
    const words = own === undefined ? ['run', '--quiet', '--package', 'xtask', '--'] : []
    const child = spawn(own ?? 'cargo', [...words, 'cluster', 'tool', '--name', cluster, 'churn', '--rate', String(rate), '--seconds', String(seconds), '--spread', '500', '--pods', pods, '--journal', journal], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    const code = await new Promise((done) => child.on('exit', done))
    if (code !== 0) throw new Error(`churn ended with ${code}`)
    return readFileSync(journal, 'utf8').trim().split('\n').map((line) => line.split(' '))
  }
  // Of the workload of which most pods change, those are shown that do; no more than there is room for.
  const names = new Map()
  for (const [key] of await churn(1)) {
    const name = key.split('/')[1]
    const app = name.split('-').slice(0, -2).join('-')
    names.set(app, (names.get(app) ?? new Set()).add(name))
  }
  const [app, changing] = [...names].sort((a, b) => b[1].size - a[1].size)[0]
  const shown = [...changing].slice(0, 20)
  await page.evaluate((word) => globalThis.bench.type(word), `where ${shown.map((name) => `name = "${name}"`).join(' or ')}`)
  await page.waitForFunction(() => Number(document.querySelector('[role=grid]')?.getAttribute('aria-rowcount')) < 40)
  const peer = new Map()
  const columns = 'custom-columns=A:.metadata.namespace,B:.metadata.name,C:.status.containerStatuses[0].restartCount'
  const watch = spawn(kubectl, ['--kubeconfig', kubeconfig, 'get', 'pods', '-A', '-w', '-l', `app=${app}`, '--no-headers', '-o', columns], { stdio: ['ignore', 'pipe', 'inherit'] })
  createInterface({ input: watch.stdout }).on('line', (line) => {
    const [namespace, name, restarts] = line.trim().split(/\s+/)
    const key = `${namespace}/${name} ${restarts}`
    if (!peer.has(key)) peer.set(key, Date.now())
  })
  await new Promise((done) => watch.stdout.once('data', done))
  await page.evaluate(() => globalThis.bench.follow())
  try {
    const lines = await churn(10)
    await page.waitForTimeout(2000)
    const written = new Map(lines.map(([key, restarts, nanos]) => [`${key} ${restarts}`, Number(nanos) / 1e6]))
    const seen = await page.evaluate(() => globalThis.seen)
    const events = seen.flatMap(([key, at]) => (written.has(key) ? [at - written.get(key)] : []))
    const others = [...peer].flatMap(([key, at]) => (written.has(key) ? [at - written.get(key)] : []))
    const ours = seen.flatMap(([key, at]) => (peer.has(key) && written.has(key) ? [at - peer.get(key)] : []))
    const both = (name, list) => ({ [`${name}_p50_ms`]: percentile(list, 0.5), [`${name}_p99_ms`]: percentile(list, 0.99) })
    return { ...both('event', events), ...both('peer', others), ...both('ours', ours), events_seen: events.length }
  } finally {
    watch.kill()
  }
}
