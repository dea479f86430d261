import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, column, press, start, until } from './harness'
import { CANARY, kubectl, scene } from './kubectl'

const NS = `console-secrets-${process.pid}`
const ENCODED = Buffer.from(CANARY).toString('base64')
let bench: Bench
let page: Page
let stage: { remove(): void }

beforeAll(async () => {
  stage = scene(NS)
  bench = await start({ args: ['--log', 'trace'], quiet: true })
})
afterAll(async () => {
  stage?.remove()
  await page?.close()
  await bench?.close()
})

/** Whether a text holds the value, plain or as the API server sends it. */
const tells = (text: string) => text.includes(CANARY) || text.includes(ENCODED)

/** Files below a folder that hold the value. */
function tellingFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name))
  expect(paths.length, `${folder} holds what the server wrote`).toBeGreaterThan(0)
  return paths.filter((path) => tells(readFileSync(path, 'latin1')))
}

describe('EXD-02 values of Secrets', () => {
  test('EXD-02 no answer, frame, page, log or file holds a value but the one decided read of one key', async () => {
    const annotations = ['get', 'secret', 'chest', '-n', NS, '-o', 'jsonpath={.metadata.annotations}']
    expect(tells(kubectl(annotations)), 'the canary is in the last-applied annotation too').toBe(true)

    page = await bench.context.newPage()
    const answers: Array<{ url: string; text: string }> = []
    const frames: string[] = []
    page.on('response', async (response) => {
      const text = await response.text().catch(() => '')
      answers.push({ url: response.url(), text })
    })
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => void frames.push(String(payload)))
      socket.on('framesent', ({ payload }) => void frames.push(String(payload)))
    })
    await page.goto(`${bench.origin}/?kind=secrets&ns=${NS}`)
    await until(
      () => column(page, 'name'),
      (names) => names.includes('chest'),
      'the Secret',
    )
    const shown: string[] = []
    const look = async () => {
      shown.push((await page.content()) + (await page.locator('.cm-content').allTextContents()).join(''))
    }
    await press(page, 'Enter')
    await page.getByRole('button', { name: 'Reveal coin' }).waitFor()
    await look()
    await press(page, 'y')
    await page.waitForSelector('.cm-content')
    await look()
    await press(page, 'v')
    await look()
    await press(page, 'Escape', 'Control+k')
    await page.keyboard.type('chest')
    await page.getByRole('option', { name: /chest/ }).first().waitFor()
    await look()
    await press(page, 'Escape', 'Delete')
    await page.waitForSelector('[role=dialog] ol li')
    await look()
    await press(page, 'Escape')
    // a value that changes comes as an event
    kubectl(['-n', NS, 'patch', 'secret', 'chest', '--type=merge', '-p', JSON.stringify({ stringData: { more: 'x' } })])
    await until(
      () => column(page, 'data'),
      (cells) => cells.includes('2'),
      'the new key',
    )
    expect(shown.filter(tells)).toEqual([])
    expect(answers.filter(({ url }) => url.includes('/api/')).length, 'answers were seen').toBeGreaterThan(2)
    expect(answers.filter(({ text }) => tells(text)).map(({ url }) => url)).toEqual([])
    expect(frames.length, 'frames were seen').toBeGreaterThan(2)
    expect(frames.filter(tells)).toEqual([])

    await press(page, 'g', 'Enter')
    await page.getByRole('tab', { name: 'Overview' }).click()
    await page.getByRole('button', { name: 'Reveal coin' }).focus()
    await press(page, 'x')
    await page.getByText(CANARY).waitFor()
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(CANARY)
    await page.getByRole('button', { name: 'Hide' }).click()
    await page.getByText(CANARY).waitFor({ state: 'detached' })
    const telling = answers.filter(({ text }) => tells(text))
    expect(telling.length, 'one answer, to the one read').toBe(1)
    expect(frames.filter(tells)).toEqual([])

    // what the server logged and wrote, at its most talkative
    expect(bench.log().length).toBeGreaterThan(1000)
    expect(bench.log().split('\n').filter(tells)).toEqual([])
    expect(tellingFiles(bench.home)).toEqual([])
    const home = { HOME: bench.home, XDG_DATA_HOME: bench.home, XDG_STATE_HOME: bench.home }
    const env = { ...process.env, ...home, XDG_RUNTIME_DIR: bench.home, XDG_CONFIG_HOME: bench.home }
    const query = ['audit', 'query', '--action', 'secret:reveal', '--output', 'jsonl']
    const journal = execFileSync(process.env['QD_BIN'] ?? '', query, { encoding: 'utf8', env })
    expect(journal).toContain('"coin"')
    expect(journal).toContain(NS)
    expect(tells(journal)).toBe(false)
  })
})
