// The screenshot set: `npm run screens` writes web/screenshots (git-ignored). With QD_E2E_URL (a one-time URL of a
// running console) it shows that one; else the development server with synthetic objects.
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'

const SIZES = [
  [1440, 900],
  [1024, 700],
  [2560, 1440],
]
const out = new URL('../screenshots/', import.meta.url).pathname
mkdirSync(out, { recursive: true })
const port = 5098
const mock = process.env.QD_E2E_URL
  ? null
  : spawn('node', [new URL('mock.mjs', import.meta.url).pathname], {
      env: { ...process.env, MOCK_PORT: String(port) },
      stdio: 'inherit',
    })
process.on('exit', () => mock?.kill())
const base = process.env.QD_E2E_URL || `http://127.0.0.1:${port}/`
const origin = new URL(base).origin
if (mock)
  for (let i = 0; i < 100; i++) {
    try {
      await fetch(`${origin}/healthz`)
      break
    } catch {
      await new Promise((r) => setTimeout(r, 50))
    }
  }

const rows = async (page) =>
  page.waitForSelector('[role=grid] [role=row][aria-rowindex="2"]', { timeout: 10_000 }).catch(() => {})
const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key)
}
const real = mock === null
const SCENES = {
  table: { search: real ? '?kind=pods' : '?cluster=prod-eu&kind=pods' },
  'table-5': { search: '?kind=configmaps' },
  detail: {
    search: '?kind=pods',
    run: async (page) => {
      await press(page, 'j', 'j', 'Enter')
      await page.waitForSelector('[role=tabpanel] h3')
    },
  },
  yaml: {
    search: '?kind=pods',
    run: async (page) => {
      await press(page, 'j', 'y')
      await page.waitForSelector('.cm-content')
    },
  },
  events: {
    search: '?kind=pods',
    run: async (page) => {
      await press(page, 'v')
      await page.waitForTimeout(400)
    },
  },
  below: {
    search: '?kind=pods',
    run: async (page) => {
      await press(page, 'Enter')
      await page.waitForSelector('[role=tabpanel] h3')
      await page.getByRole('button', { name: 'Put the pane below' }).click()
    },
  },
  plan: {
    search: '?kind=deployments.apps',
    run: async (page) => {
      await press(page, 's')
      await page.waitForSelector('[aria-label="What changes"]')
    },
  },
  'plan-delete': {
    search: real ? '?kind=pods' : '?cluster=prod-eu&kind=pods',
    run: async (page) => {
      await press(page, 'Space', 'Space', 'Delete')
      await page.waitForSelector('ol li')
    },
  },
  palette: {
    search: '?kind=pods',
    run: async (page) => {
      await press(page, 'Control+k')
      await page.keyboard.type('ca')
      await page.waitForTimeout(500)
    },
  },
  help: { search: '?kind=pods', run: async (page) => press(page, '?') },
  menu: {
    search: '?kind=pods',
    run: async (page) => {
      await page.click('[role=row][aria-rowindex="5"]', { button: 'right' })
      await page.waitForSelector('[role=menu]')
    },
  },
  columns: {
    search: '?kind=pods',
    run: async (page) => {
      await page.click('[role=columnheader] >> nth=2', { button: 'right' })
      await page.waitForSelector('[role=menu]')
    },
  },
  namespaces: {
    search: '?kind=pods&ns=default,shop',
    run: async (page) => {
      await press(page, 'Shift+P')
      await page.waitForSelector('[role=option]')
    },
  },
  'filter-error': {
    search: '?kind=pods',
    run: async (page) => {
      await press(page, '/')
      await page.keyboard.type('where restarts')
      await page.waitForSelector('#filter-error').catch(() => {})
    },
  },
  empty: { search: '?kind=jobs.batch&filter=zzzz' },
  secret: {
    search: '?kind=secrets',
    run: async (page) => {
      await press(page, 'Enter')
      await page.waitForSelector('[role=tabpanel] dl')
      await page.waitForTimeout(300)
    },
  },
  ...(real
    ? {}
    : {
        denied: { search: '?kind=roles.rbac.authorization.k8s.io' },
        failed: { search: '?cluster=staging&kind=pods' },
      }),
}

const only = process.argv.slice(2)
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const context = await browser.newContext()
if (real) {
  const page = await context.newPage()
  await page.goto(base)
  await rows(page)
  await page.close()
}
try {
  for (const theme of ['dark', 'light']) {
    for (const [width, height] of SIZES) {
      for (const [name, scene] of Object.entries(SCENES)) {
        if (only.length && !only.some((word) => `${name}-${theme}-${width}`.includes(word))) continue
        if (!only.length && width !== 1440 && !['table', 'detail', 'plan'].includes(name)) continue
        const page = await context.newPage()
        await page.emulateMedia({ colorScheme: theme })
        await page.setViewportSize({ width, height })
        page.on(
          'console',
          (message) => ['error', 'warning'].includes(message.type()) && console.error(`${name}: ${message.text()}`),
        )
        page.on('pageerror', (error) => console.error(`${name}: ${error}`))
        await page.goto(`${origin}/${scene.search}`)
        await rows(page)
        await page.waitForTimeout(200)
        await scene.run?.(page).catch((error) => console.error(`${name}: ${error.message.split('\n')[0]}`))
        await page.waitForTimeout(200)
        await page.screenshot({ path: `${out}${name}-${theme}-${width}.png` })
        await page.close()
      }
    }
  }
} finally {
  await browser.close()
  mock?.kill()
}
