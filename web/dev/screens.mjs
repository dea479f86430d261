// The screenshot set: `npm run screens [-- --once] [-- WORD…]` writes web/screenshots (git-ignored). With QD_E2E_URL (a
// one-time URL of a running console) it shows that one; else the development server with synthetic objects. `--once` leaves
// out what shows the same again in another size or theme. A page that says an error, or does not show, fails it.
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
  page
    .waitForSelector('[role=grid] [role=row]:not([aria-rowindex="1"]), main h2, main h3, main table, main figure', {
      timeout: 10_000,
    })
    .catch(() => {})
const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key)
}
const real = mock === null
/** The id of a tap of the development server. */
const TAP = (number) => (number * 7919).toString(16).padStart(32, '0')
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
        taps: { search: '?view=traffic' },
        tap: { search: `?view=traffic&tap=${TAP(1)}`, run: async (page) => page.waitForTimeout(800) },
        'tap-lossy': {
          search: `?view=traffic&tap=${TAP(2)}`,
          run: async (page) => {
            await page.getByRole('button', { name: /pods/ }).first().click()
            await page.waitForTimeout(400)
          },
        },
        map: {
          search: `?view=traffic&tap=${TAP(3)}&show=map`,
          run: async (page) => page.waitForSelector('[aria-label="Who asks whom"] svg a'),
        },
        'map-table': {
          search: `?view=traffic&tap=${TAP(3)}&show=map&form=table`,
          run: async (page) => page.waitForSelector('td'),
        },
        latency: {
          search: `?view=traffic&tap=${TAP(3)}&show=latency`,
          run: async (page) => page.waitForSelector('td'),
        },
        tls: {
          search: `?view=traffic&tap=${TAP(3)}&show=tls`,
          run: async (page) => page.waitForSelector('td'),
        },
        'tap-empty': { search: `?view=traffic&tap=${TAP(4)}`, run: async (page) => page.waitForTimeout(400) },
        record: {
          search: `?view=traffic&tap=${TAP(3)}`,
          run: async (page) => {
            await page.waitForTimeout(300)
            await press(page, 'k', 'k', 'Enter')
            await page.waitForSelector('[role=tabpanel] h3')
          },
        },
        'record-headers': { search: `?view=traffic&tap=${TAP(3)}&record=0000000001&part=headers` },
        'record-body': { search: `?view=traffic&tap=${TAP(3)}&record=0000000001&part=body` },
        'record-flow': { search: `?view=traffic&tap=${TAP(3)}&record=0000000009&part=flow` },
        'tap-dialog': {
          search: '?kind=pods',
          run: async (page) => {
            await press(page, 'p')
            await page.waitForSelector('[role=dialog] fieldset')
          },
        },
        'capture-filter': {
          search: `?view=traffic&tap=${TAP(1)}`,
          run: async (page) => {
            await press(page, 'b')
            await page.keyboard.type('tcp prot 80')
            await press(page, 'Enter')
            await page.waitForTimeout(200)
          },
          // the browser tells of the answer too
          says: /status of 400/,
        },
        'pod-traffic': {
          search: '?kind=pods',
          run: async (page) => {
            await press(page, 'f')
            await page.waitForTimeout(300)
          },
        },
        workspaces: { search: '?view=workspaces' },
        'workspaces-empty': { search: '?view=workspaces&cluster=empty' },
        'workspace-menu': {
          search: '?view=workspaces',
          run: async (page) => {
            await page.click('[role=row][aria-rowindex="2"]', { button: 'right' })
            await page.waitForSelector('[role=menu]')
          },
        },
        launch: { search: '?view=workspaces&launch=1&blueprint=rust', run: async (page) => page.waitForTimeout(600) },
        'launch-shell': {
          search: '?view=workspaces&launch=1&blueprint=shell',
          run: async (page) => {
            await page.keyboard.type('boat')
            await page.waitForTimeout(600)
            await page.getByRole('button', { name: 'Why' }).click()
          },
        },
        workspace: { search: '?view=workspaces&ws=dev/lab/boat', run: async (page) => page.waitForSelector('h3') },
        'workspace-stopped': {
          search: '?view=workspaces&ws=dev/lab/notebook',
          run: async (page) => page.waitForSelector('h3'),
        },
        'workspace-way': {
          search: '?view=workspaces&ws=dev/lab/anchor',
          run: async (page) => page.waitForSelector('h3'),
        },
        'workspace-failed': {
          search: '?view=workspaces&ws=dev/lab/sunk',
          run: async (page) => page.waitForSelector('h3'),
        },
        'workspace-stop': {
          search: '?view=workspaces&ws=dev/lab/boat',
          run: async (page) => {
            await page.waitForSelector('h3')
            await press(page, 'x')
            await page.waitForSelector('[role=dialog] li')
          },
        },
        'workspace-apps': {
          search: '?view=workspaces&ws=dev/lab/boat&part=apps',
          run: async (page) => page.waitForSelector('table'),
        },
        denied: { search: '?kind=roles.rbac.authorization.k8s.io' },
        failed: { search: '?cluster=staging&kind=pods' },
      }),
}

const words = process.argv.slice(2)
const once = words.includes('--once')
const only = words.filter((word) => word !== '--once')
/** What is looked at in each size, too. */
const EACH = ['table', 'detail', 'plan', 'tap', 'record', 'workspace', 'launch']
const wanted = (name, theme, width) => {
  if (only.length > 0) return only.some((word) => `${name}-${theme}-${width}`.includes(word))
  if (width === 1440) return theme === 'dark' || !once || EACH.includes(name)
  return EACH.includes(name) && !(once && theme === 'light')
}
const pictures = ['dark', 'light'].flatMap((theme) =>
  SIZES.flatMap(([width, height]) =>
    Object.keys(SCENES)
      .filter((name) => wanted(name, theme, width))
      .map((name) => ({ name, theme, width, height })),
  ),
)

let failures = 0
const failed = (name, words) => {
  failures += 1
  console.error(`${name}: ${words}`)
}
const take = async (context, { name, theme, width, height }) => {
  const scene = SCENES[name]
  const page = await context.newPage()
  await page.emulateMedia({ colorScheme: theme })
  await page.setViewportSize({ width, height })
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !scene.says?.test(message.text())) failed(name, message.text())
  })
  page.on('pageerror', (error) => failed(name, error))
  await page.goto(`${origin}/${scene.search}`)
  await rows(page)
  await page.waitForTimeout(200)
  await scene.run?.(page)
  await page.waitForTimeout(200)
  await page.screenshot({ path: `${out}${name}-${theme}-${width}.png` })
  // the next scene starts from nothing remembered
  await page.evaluate(() => localStorage.clear())
  await page.close()
}
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
/** Takes pictures until none is left. What a console remembers is its context's. */
const worker = async () => {
  const context = await browser.newContext()
  if (real) {
    const page = await context.newPage()
    await page.goto(base)
    await rows(page)
    await page.close()
  }
  for (let picture = pictures.shift(); picture; picture = pictures.shift())
    await take(context, picture).catch((error) => failed(picture.name, error.message.split('\n')[0]))
}
try {
  // the one-time URL lets one in
  await Promise.all(Array.from({ length: real ? 1 : 2 }, worker))
} finally {
  await browser.close()
  mock?.kill()
  if (failures > 0) process.exitCode = 1
}
