/** The journey of an app in a workspace: opened from the console, on an origin of its own, with sockets and a service worker. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Frame, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, start, until } from './harness'
import { temporary } from './temporary'
import { inside, ready, workspace, type Yard, yard } from './workspace'

/** How long sockets stay open; the soak leaves them open for half an hour. */
const SECONDS = Number(process.env['QD_E2E_OPEN_SECONDS'] ?? 5)
let here: Yard
let bench: Bench
let page: Page
let app: ChildProcess

/** An app with what an IDE in the browser has: a service worker, a socket that gives back, a deep link, a cookie. */
const APP = `
const http = require('http'), crypto = require('crypto')
const page = '<!doctype html><title>app</title><p id=path></p><script>path.textContent = location.pathname + " " + document.cookie</script>'
const server = http.createServer((request, answer) => {
  if (request.url === '/sw.js') {
    answer.setHeader('content-type', 'text/javascript')
    answer.end('onfetch = (e) => { if (e.request.url.endsWith("/from-worker")) e.respondWith(new Response("worker")) }; onactivate = () => clients.claim()')
  } else if (request.url === '/head') {
    answer.end(JSON.stringify(request.headers))
  } else {
    answer.setHeader('content-type', 'text/html')
    const framed = request.headers['sec-fetch-dest'] === 'iframe'
    answer.setHeader('set-cookie', ['theme=dark; Domain=localhost; Path=/', ...(framed ? ['wide=1; Path=/; SameSite=None; Secure'] : [])])
    answer.end(page)
  }
})
server.on('upgrade', (request, socket) => {
  const key = crypto.createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + key + '\\r\\n\\r\\n')
  socket.on('data', (frame) => {
    const mask = frame.subarray(2, 6), data = frame.subarray(6).map((byte, at) => byte ^ mask[at % 4])
    if ((frame[0] & 15) === 1) socket.write(Buffer.concat([Buffer.from([0x81, data.length]), data]))
  })
  socket.on('error', () => {})
})
server.listen(3000, '127.0.0.1', () => console.log('listens'))
`

beforeAll(async () => {
  here = await yard('apps', workspace('', 'desk'))
  bench = here.bench
  const NS = here.namespace
  ready(NS, 'desk')
  app = spawn('nsenter', [`--net=/proc/${inside(NS, 'desk')}/ns/net`, '--', process.execPath, '-e', APP])
  await new Promise((told) => app.stdout?.once('data', told))
  page = await bench.context.newPage()
  page.setDefaultTimeout(20_000)
}, 120_000)
afterAll(async () => {
  app?.kill()
  await here?.close()
}, 60_000)

/** The URL that the console gives its own browser. */
async function opened(query: string): Promise<string> {
  const console = await bench.context.newPage()
  await console.goto(`${bench.origin}/?view=workspaces&ns=${here.namespace}`)
  const url = await console.evaluate(
    async (path) => ((await (await fetch(path, { method: 'POST' })).json()) as { url: string }).url,
    `/api/v1/workspaces/${here.namespace}/desk/open?cluster=${here.cluster}&port=3000${query}`,
  )
  await console.close()
  return url
}

describe('an app', () => {
  test('WD-26 opens on an origin of its own, with its sockets, service worker, deep links and reload', async () => {
    await page.goto(await opened('&path=/deep/link'))
    expect(new URL(page.url()).pathname).toBe('/deep/link')
    expect(new URL(page.url()).host).toMatch(/^3000--desk-.*\.localhost:\d+$/)
    // its own cookie is there, and ours is not for it
    expect(await page.locator('#path').textContent()).toBe('/deep/link theme=dark')
    const head = await page.evaluate(async () => (await fetch('/head')).text())
    expect(head).not.toContain('qdapp')
    expect(head).toContain('theme=dark')
    const said = await page.evaluate(
      () =>
        new Promise((told) => {
          const socket = new WebSocket(`ws://${location.host}/ws`)
          socket.onopen = () => socket.send('hello')
          socket.onmessage = (event) => told(event.data)
          socket.onclose = () => told('closed')
        }),
    )
    expect(said).toBe('hello')
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/sw.js')
      await navigator.serviceWorker.ready
    })
    const worker = () => page.evaluate(async () => (await fetch('/from-worker')).text())
    await until(worker, (text) => text === 'worker', 'the service worker answers')
    await page.reload()
    expect(await page.locator('#path').textContent()).toBe('/deep/link theme=dark')
  })

  test(
    'WD-26s keeps its sockets open, one that is spoken on and one that is silent',
    async () => {
      await page.goto(await opened(''))
      const heard = await page.evaluate(
        (seconds) =>
          new Promise<string[]>((told) => {
            const [spoken, silent] = [0, 1].map(() => new WebSocket(`ws://${location.host}/ws`)) as [
              WebSocket,
              WebSocket,
            ]
            const heard: string[] = []
            let said = 0
            const timer = setInterval(() => {
              said += 1
              // the silent one speaks once, at the end
              if (said <= seconds) spoken.send(`word ${said}`)
              else if (silent.readyState === WebSocket.OPEN) silent.send('last')
            }, 1000)
            const end = (why: string) => {
              clearInterval(timer)
              told([...heard, why])
            }
            spoken.onmessage = (event) => heard.push(event.data)
            silent.onmessage = () => end('last')
            spoken.onclose = () => end('the spoken one was closed')
            silent.onclose = () => end('the silent one was closed')
          }),
        SECONDS,
      )
      expect(heard).toEqual([...Array.from({ length: SECONDS }, (_, at) => `word ${at + 1}`), 'last'])
    },
    SECONDS * 1000 * 1.5 + 60_000,
  )

  test('WD-10a neither reads nor calls the console', async () => {
    await page.goto(await opened(''))
    const called = await page.evaluate(async (origin) => {
      const all = ['/api/v1/session', '/api/v1/clusters', '/']
      const asked = all.map((path) => fetch(origin + path, { credentials: 'include' }))
      asked.push(fetch(`${origin}/api/v1/codes`, { method: 'POST', mode: 'no-cors', credentials: 'include' }))
      return (await Promise.allSettled(asked)).map((one) => one.status)
    }, bench.origin)
    expect(called).toEqual(['rejected', 'rejected', 'rejected', 'rejected'])
    const shown = await page.evaluate(
      (origin) =>
        new Promise((told) => {
          const frame = document.createElement('iframe')
          frame.src = origin
          frame.onload = () => {
            try {
              told(frame.contentDocument?.title ?? 'foreign')
            } catch {
              told('foreign')
            }
          }
          document.body.append(frame)
        }),
      bench.origin,
    )
    expect(shown).toBe('foreign')
  })

  test('WX-05f opens once by one URL, and stays shut to another browser', async () => {
    const url = await opened('')
    const other = await bench.browser.newContext({ userAgent: 'another' })
    const stranger = await other.newPage()
    expect((await stranger.goto(url))?.status()).toBe(401)
    expect((await stranger.goto(new URL('/', url).href))?.status()).toBe(401)
    expect(await stranger.textContent('p')).toContain('open it from the console')
    await other.close()
    // who tried with another's URL has used it up
    expect((await page.goto(url))?.status()).toBe(401)
  })
})

describe('an app in place', () => {
  test("WX-04b WX-07h is shown on the console's origin, and reaches nothing of it", async () => {
    const env = {
      QD__COMPAT__GUILDNET: 'true',
      QD__COMPAT__NAMESPACE: here.namespace,
      QD__PROXY__PATH_MODE: 'same-origin',
    }
    const other = await start({ env, quiet: true })
    try {
      const page = await other.context.newPage()
      page.setDefaultTimeout(20_000)
      const refused = new Set<string>()
      page.on('requestfailed', (request) => refused.add(new URL(request.url()).pathname))
      await page.goto(`${other.origin}/proxy/desk:3000/deep/link`)
      const place = new URL(page.url())
      expect(place.origin).toBe(other.origin)
      expect(place.pathname).toMatch(/^\/proxy\/~[0-9a-f]{64}\/deep\/link$/)
      const base = place.pathname.slice(0, -'/deep/link'.length)
      const told = await page.evaluate(async (base) => {
        const tried = async (what: () => unknown) => {
          try {
            return String(await what())
          } catch (error) {
            return (error as Error).name
          }
        }
        const asks = (path: string, init: RequestInit) =>
          tried(async () => (await fetch(path, { credentials: 'include', ...init })).text())
        const socket = () =>
          new Promise((told) => {
            const socket = new WebSocket(`ws://${new URL(location.href).host}${base}/ws`)
            socket.onopen = () => socket.send('hello')
            socket.onmessage = (event) => told(event.data)
            socket.onclose = () => told('closed')
          })
        return {
          origin: self.origin,
          cookie: await tried(() => document.cookie),
          storage: await tried(() => localStorage.length),
          worker: await tried(() => navigator.serviceWorker.register(`${base}/sw.js`)),
          session: await asks('/api/v1/session', {}),
          code: await asks('/api/v1/codes', { method: 'POST' }),
          blind: await asks('/api/v1/codes', { method: 'POST', mode: 'no-cors' }),
          own: await asks(`${base}/head`, { method: 'POST', headers: { 'x-own': '1' } }),
          socket: await tried(socket),
        }
      }, base)
      expect(told).toMatchObject({
        origin: 'null',
        cookie: 'SecurityError',
        storage: 'SecurityError',
        worker: 'SecurityError',
        session: 'TypeError',
        code: 'TypeError',
        blind: 'TypeError',
        socket: 'hello',
      })
      // what it gets of its own is its own
      expect(told.own).toContain('"x-own":"1"')
      expect(told.own).toContain(`"x-forwarded-prefix":"${base}"`)
      expect([...refused]).toEqual(expect.arrayContaining(['/api/v1/codes', '/api/v1/session']))
      // the console's cookie rides along with the page itself, and ends at the door; that of the app stays below its path
      await page.goto(`${other.origin}${base}/head`)
      const head = await page.textContent('body')
      expect(head).not.toContain('qd_session')
      expect(head).toContain('theme=dark')
      const names = async (path: string) => (await other.context.cookies(other.origin + path)).map(({ name }) => name)
      expect(await names('/')).not.toContain('theme')
      expect(await names(`${base}/`)).toContain('theme')
      // the console beside it goes on
      const own = await other.page(`?view=workspaces&ns=${here.namespace}`)
      expect(await own.evaluate(async () => (await fetch('/api/v1/session')).status)).toBe(200)
    } finally {
      await other.close()
    }
  }, 60_000)
})

describe('an app in a frame of the console', () => {
  /** Port 3000 of the workspace, shown on its page. */
  async function framed(context: BrowserContext): Promise<{ page: Page; frame: Frame }> {
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const place = `${here.cluster}/${here.namespace}/desk`
    await page.goto(`${bench.origin}/?view=workspaces&ns=${here.namespace}&ws=${place}`)
    await page.getByRole('tab', { name: /^Apps/ }).click()
    await page.getByRole('button', { name: 'Show here port 3000' }).click()
    await page.frameLocator('iframe').locator('#path').waitFor()
    const frame = page.frames().find((one) => new URL(one.url()).host.startsWith('3000--desk'))
    if (frame === undefined) throw new Error('no frame of the app')
    return { page, frame }
  }

  /** A browser whose keeper lets cookies of others in, or does not, signed in as the first one is. */
  async function keeping(lets: boolean): Promise<BrowserContext> {
    const profile = temporary('kept-')
    mkdirSync(join(profile, 'Default'))
    const preferences = { profile: { cookie_controls_mode: lets ? 0 : 1, block_third_party_cookies: !lets } }
    writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences))
    const how = { executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] }
    const context = await chromium.launchPersistentContext(profile, how)
    await context.addCookies(await bench.context.cookies())
    return context
  }

  test('WD-03 is signed in, where cookies of others are let in and where they are blocked', async () => {
    // The app's own cookie for frames is there or is not, which shows what the browser blocks.
    for (const [lets, own] of [
      [true, 'wide=1'],
      [false, ''],
    ] as const) {
      const context = await keeping(lets)
      try {
        const { frame } = await framed(context)
        expect(await frame.locator('#path').textContent()).toBe(`/ ${own}`)
        expect(await frame.evaluate(async () => (await fetch('/head')).text())).not.toContain('qdapp')
        // the code was good once: it is the login that lasts
        await frame.evaluate(() => location.assign('/deep/link'))
        await until(
          () => frame.locator('#path').textContent(),
          (text) => text === `/deep/link ${own}`,
          'another page of it',
        )
      } finally {
        await context.close()
      }
    }
  }, 60_000)

  test('WD-10 neither reads nor calls the console around it, nor leads it away', async () => {
    const { page, frame } = await framed(bench.context)
    const told = await frame.evaluate(async (origin) => {
      const tried = (what: () => unknown) => {
        try {
          return String(what())
        } catch (error) {
          return (error as Error).name
        }
      }
      const asks = [
        fetch(`${origin}/api/v1/session`, { credentials: 'include' }),
        fetch(`${origin}/api/v1/codes`, { method: 'POST', mode: 'no-cors', credentials: 'include' }),
      ]
      return {
        document: tried(() => parent.document.title),
        place: tried(() => parent.location.href),
        storage: tried(() => parent.localStorage.length),
        leads: tried(() => {
          if (top !== null) top.location.href = 'about:blank'
        }),
        cookie: document.cookie,
        asked: (await Promise.allSettled(asks)).map((one) => one.status),
      }
    }, bench.origin)
    expect(told).toEqual({
      document: 'SecurityError',
      place: 'SecurityError',
      storage: 'SecurityError',
      leads: 'SecurityError',
      cookie: '',
      asked: ['rejected', 'rejected'],
    })
    // the console is where it was, and goes on
    expect(new URL(page.url()).origin).toBe(bench.origin)
    expect(await page.evaluate(async () => (await fetch('/api/v1/session')).status)).toBe(200)
    await page.close()
  })
})
