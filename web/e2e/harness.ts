/** A real `qd` on a real cluster, and a real Chromium in front of it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { temporary } from './temporary'

const { QD_BIN, QD_E2E_KUBECONFIG, QD_E2E_URL } = process.env
const WAIT = 20_000

export interface Bench {
  browser: Browser
  context: BrowserContext
  origin: string
  /** Where the server keeps what it writes. */
  home: string
  /** All that the server logged. */
  log(): string
  page(search?: string): Promise<Page>
  /** Ends the server, as a crash would; only of one that was started here. */
  kill(): Promise<void>
  /** Starts it again on the same port. */
  restart(): Promise<void>
  close(): Promise<void>
}

interface Options {
  kubeconfig?: string
  args?: string[]
  /** More of the server's environment. */
  env?: Record<string, string>
  /** Keep what the server logs from our own stderr. */
  quiet?: boolean
}

/** Starts `$QD_BIN console` on `$QD_E2E_KUBECONFIG`, or goes to `$QD_E2E_URL` when that is given. */
export async function start(options: Options = {}): Promise<Bench> {
  const kubeconfig = options.kubeconfig ?? QD_E2E_KUBECONFIG
  let server: Server | null = null
  let url = QD_E2E_URL
  if (url === undefined || Object.keys(options).length > 0) {
    if (QD_BIN === undefined || kubeconfig === undefined) {
      throw new Error('set QD_BIN and QD_E2E_KUBECONFIG, or QD_E2E_URL: `cargo xtask test e2e` does')
    }
    server = await launch(kubeconfig, options)
    url = server.url
  }
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const origin = new URL(url).origin
  const first = await context.newPage()
  await first.goto(url)
  await first.waitForSelector('[role=grid], main h1', { timeout: WAIT })
  await first.close()
  return {
    browser,
    context,
    origin,
    home: server?.home ?? '',
    log: () => server?.log() ?? '',
    async page(search = '') {
      const page = await context.newPage()
      page.setDefaultTimeout(WAIT)
      await page.goto(`${origin}/${search}`)
      await page.waitForSelector('[role=grid][data-ready=true]')
      return page
    },
    async kill() {
      await server?.stop('SIGKILL')
    },
    async restart() {
      if (server === null || kubeconfig === undefined) throw new Error('only a server that was started here')
      const { port } = new URL(origin)
      server = await launch(kubeconfig, {
        ...options,
        args: [...(options.args ?? []), '--listen', `127.0.0.1:${port}`],
      })
      url = server.url
      const page = await context.newPage()
      await page.goto(url)
      // The page of the code goes on to the console by itself; closed in the middle of that, Chromium never answers.
      await page.waitForSelector('[role=grid], main h1', { timeout: WAIT })
      await page.close()
    },
    async close() {
      await browser.close()
      await server?.stop('SIGTERM')
    },
  }
}

interface Server {
  url: string
  home: string
  log(): string
  stop(signal: NodeJS.Signals): Promise<void>
}

async function launch(kubeconfig: string, { args = [], env = {}, quiet = false }: Options): Promise<Server> {
  const home = temporary('console-e2e-')
  const listen = args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']
  const child: ChildProcess = spawn(
    QD_BIN ?? '',
    ['console', '--no-open', '--kubeconfig', kubeconfig, ...listen, ...args],
    {
      env: {
        ...process.env,
        ...env,
        HOME: home,
        XDG_DATA_HOME: home,
        XDG_STATE_HOME: home,
        XDG_RUNTIME_DIR: home,
        XDG_CONFIG_HOME: home,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const said: Buffer[] = []
  child.stderr?.on('data', (part: Buffer) => {
    said.push(part)
    if (!quiet) process.stderr.write(part)
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('no stdout'))
    const late = setTimeout(() => reject(new Error('qd console said no URL within 30 s')), 30_000)
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(late)
      resolve(line)
    })
    child.once('exit', (code) => reject(new Error(`qd console ended with ${code} before it said its URL`)))
  })
  return {
    url,
    home,
    log: () => Buffer.concat(said).toString('utf8'),
    async stop(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await exited
    },
  }
}

/** Presses keys one after the other. */
export async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key)
}

/** The texts of a column's cells, top to bottom, of the rows that are drawn. */
export async function column(page: Page, id: string): Promise<string[]> {
  return page.evaluate((wanted) => {
    const at = [...document.querySelectorAll('[role=columnheader]')].findIndex(
      (head) => (head as HTMLElement).dataset['column'] === wanted,
    )
    const rows = [...document.querySelectorAll<HTMLElement>('[role=row][aria-rowindex]')].filter(
      (row) => !row.hidden && row.querySelector('[role=gridcell]'),
    )
    rows.sort(
      (a, b) => Number(a.ariaRowIndex ?? a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex')),
    )
    return rows.map((row) => row.children[at]?.getAttribute('title') || row.children[at]?.textContent || '')
  }, id)
}

export async function total(page: Page): Promise<number> {
  return Number(await page.locator('[role=grid]').getAttribute('aria-rowcount')) - 1
}

/** Violations that axe finds, in words. */
export async function violations(page: Page): Promise<string[]> {
  const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await page.evaluate(source)
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(): Promise<{
          violations: Array<{ id: string; nodes: Array<{ target: unknown; failureSummary?: string }> }>
        }>
      }
    }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map((node) => `${id}: ${JSON.stringify(node.target)} ${node.failureSummary ?? ''}`),
    )
  })
}

/** axe finds nothing, in either theme. */
export async function clean(page: Page, what: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const found = await violations(page)
    if (found.length > 0) throw new Error(`${what}, ${colorScheme}: ${found.join('\n')}`)
  }
}

/** Waits until `read` gives what `good` takes. */
export async function until<T>(read: () => Promise<T>, good: (value: T) => boolean, what: string): Promise<T> {
  const deadline = Date.now() + WAIT
  for (;;) {
    const value = await read()
    if (good(value)) return value
    if (Date.now() > deadline) throw new Error(`${what}: still ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 80))
  }
}

/** The value below which a part of all values lies. */
export function percentile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}
