import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'
import { start } from './harness'
import { temporary } from './temporary'

/** Every file below a folder. */
const files = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

test('EXD-21a no process list and no browser profile holds the token, and the history no code that works', async () => {
  const bench = await start({ args: [] })
  const profile = temporary('console-profile-')
  try {
    const state = files(bench.home).find((path) => /console-\d+\.json$/.test(path))
    const { token } = JSON.parse(readFileSync(state ?? '', 'utf8')) as { token: string }
    expect(token).toMatch(/^[0-9a-f]{64}$/)
    const home = { HOME: bench.home, XDG_DATA_HOME: bench.home, XDG_STATE_HOME: bench.home }
    const env = { ...process.env, ...home, XDG_RUNTIME_DIR: bench.home, XDG_CONFIG_HOME: bench.home }
    const url = execFileSync(process.env['QD_BIN'] ?? '', ['url'], { encoding: 'utf8', env }).trim()

    const context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox'],
    })
    const page = await context.newPage()
    await page.goto(url)
    await page.waitForSelector('[role=grid]')
    const processes = execFileSync('ps', ['axeww', '-o', 'args'], { encoding: 'utf8', maxBuffer: 1 << 26 })
    expect(processes).toContain('--no-open')
    expect(processes.includes(token), 'the list of processes with their environments').toBe(false)
    expect(page.url()).not.toMatch(/code=|token=/)
    const session = await context.newCDPSession(page)
    const { entries } = await session.send('Page.getNavigationHistory')
    for (const entry of entries) expect(entry.url).not.toContain(token)
    for (const cookie of await context.cookies()) expect(cookie.value).not.toBe(token)
    await context.close()

    const written = files(profile)
    const holds = (word: string) => written.filter((path) => readFileSync(path, 'latin1').includes(word))
    expect(holds(new URL(url).host).length, 'the profile remembers the console').toBeGreaterThan(0)
    expect(holds(token)).toEqual([])
    expect((await fetch(url.replace('qd.localhost', '127.0.0.1'), { redirect: 'manual' })).status, 'a spent code').toBe(
      401,
    )
  } finally {
    await bench.close()
  }
})
