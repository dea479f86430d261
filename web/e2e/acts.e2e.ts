import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, column, press, start, total, until } from './harness'
import { CANARY, kubectl, scene } from './kubectl'

const NS = `console-acts-${process.pid}`
let bench: Bench
let page: Page
let stage: { remove(): void }

beforeAll(async () => {
  stage = scene(NS)
  bench = await start()
})
afterEach(async () => page?.close())
afterAll(async () => {
  stage?.remove()
  await bench?.close()
})

const replicas = async () => kubectl(['-n', NS, 'get', 'deploy', 'crane', '-o', 'jsonpath={.spec.replicas}'])

describe('EXD-13 acts are plans, by keyboard alone', () => {
  test('EXD-13 marked rows are deleted through one plan; Esc leaves everything as it was', async () => {
    page = await bench.page(`?kind=pods&ns=${NS}&filter=boat&sort=name`)
    await until(
      () => column(page, 'name'),
      (names) => names.includes('boat-0'),
      'the pods',
    )
    const before = await total(page)
    await press(page, 'g', 'Space', 'Space', 'Delete')
    await page.waitForSelector('[role=dialog] ol li')
    expect(await page.locator('[role=dialog] ol li').count()).toBe(2)
    await press(page, 'Escape')
    await page.waitForSelector('[role=dialog]', { state: 'detached' })
    expect(await total(page)).toBe(before)
    await press(page, 'Delete')
    await page.waitForSelector('[role=dialog] button[type=submit]:focus')
    await press(page, 'Enter')
    await page.waitForSelector('[role=dialog]', { state: 'detached' })
    await until(
      () => column(page, 'name'),
      (names) => !names.includes('boat-0') && !names.includes('boat-1'),
      'the rows go',
    )
    expect(kubectl(['-n', NS, 'get', 'pods', '-o', 'name'])).not.toContain('boat-0')
  })

  test('EX-94 s scales with a diff of what changes', async () => {
    page = await bench.page(`?kind=deployments.apps&ns=${NS}`)
    await until(
      () => column(page, 'name'),
      (names) => names.includes('crane'),
      'the deployment',
    )
    await press(page, 's')
    await page.waitForSelector('[role=dialog] input[type=number]:focus')
    await page.keyboard.type('3')
    await until(
      async () => (await page.locator('[aria-label="What changes"]').allTextContents()).join(),
      (text) => text.includes('replicas: 3'),
      'the diff',
    )
    expect(await replicas(), 'nothing happened yet').toBe('1')
    await press(page, 'Enter')
    await page.waitForSelector('[role=dialog]', { state: 'detached' })
    await until(replicas, (count) => count === '3', 'the new scale')
    await page.getByRole('button', { name: /Results/ }).waitFor()
  })

  test('EX-94 r restarts with a diff of the template', async () => {
    page = await bench.page(`?kind=deployments.apps&ns=${NS}`)
    await until(
      () => column(page, 'name'),
      (names) => names.includes('crane'),
      'the deployment',
    )
    await press(page, 'r')
    await until(
      async () => (await page.locator('[aria-label="What changes"]').allTextContents()).join(),
      (text) => text.includes('restartedAt'),
      'the diff',
    )
    await press(page, 'Enter')
    await page.waitForSelector('[role=dialog]', { state: 'detached' })
    const annotation = 'jsonpath={.spec.template.metadata.annotations}'
    await until(
      async () => kubectl(['-n', NS, 'get', 'deploy', 'crane', '-o', annotation]),
      (text) => text.includes('restartedAt'),
      'the restart',
    )
  })
})

test('EX-11 a production cluster is framed in red and asks for the typed name', async () => {
  const context = kubectl(['config', 'current-context'])
  const guarded = await start({ env: { QD__CLUSTERS__PRODUCTION: JSON.stringify([context]) } })
  try {
    page = await guarded.page(`?kind=pods&ns=${NS}&filter=boat-3`)
    await page.getByText('PRODUCTION CONTEXT ACTIVE').waitFor()
    await until(
      () => column(page, 'name'),
      (names) => names.join() === 'boat-3',
      'the pod',
    )
    await press(page, 'Delete')
    await page.waitForSelector('[role=dialog] [data-need]:focus')
    const commit = page.locator('[role=dialog] button[type=submit]')
    await page.keyboard.type('boat')
    await press(page, 'Enter')
    expect(await commit.isDisabled()).toBe(true)
    await page.keyboard.type('-3')
    expect(await commit.isDisabled()).toBe(false)
    await press(page, 'Enter')
    await page.waitForSelector('[role=dialog]', { state: 'detached' })
    await until(
      async () => kubectl(['-n', NS, 'get', 'pods', '-o', 'name']),
      (names) => !names.includes('boat-3'),
      'the deletion',
    )
  } finally {
    await guarded.close()
  }
})

describe('EXD-02 Secrets', () => {
  test('EXD-02 no value is on the screen until one key is revealed, and it goes when closed', async () => {
    page = await bench.page(`?kind=secrets&ns=${NS}`)
    const answers: string[] = []
    page.on('response', async (response) => {
      if (response.url().includes('/object')) answers.push(await response.text().catch(() => ''))
    })
    await until(
      () => column(page, 'name'),
      (names) => names.includes('chest'),
      'the Secret',
    )
    await press(page, 'Enter')
    await page.getByRole('button', { name: 'Reveal coin' }).waitFor()
    await press(page, 'y')
    await page.waitForSelector('.cm-content')
    const encoded = Buffer.from(CANARY).toString('base64')
    const seen = async () => (await page.content()) + (await page.locator('.cm-content').allTextContents()).join('')
    expect(await seen()).not.toContain(CANARY)
    expect(await seen()).not.toContain(encoded)
    expect(answers.length).toBeGreaterThan(0)
    for (const answer of answers) expect(answer).not.toMatch(new RegExp(`${CANARY}|${encoded}`))

    await page.getByRole('tab', { name: 'Overview' }).click()
    await page.getByRole('button', { name: 'Reveal coin' }).focus()
    await press(page, 'x')
    await page.getByText(CANARY).waitFor()
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(CANARY)
    await page.getByRole('button', { name: 'Hide' }).click()
    await page.getByText(CANARY).waitFor({ state: 'detached' })
  })
})

test('EXF-28 hostile object text is text', async () => {
  page = await bench.page(`?kind=pods&ns=${NS}&filter=boat-2`)
  await until(
    () => column(page, 'name'),
    (names) => names.includes('boat-2'),
    'the pod',
  )
  await press(page, 'Enter')
  await page.getByText('onerror=').first().waitFor()
  expect(await page.locator('img').count()).toBe(0)
  expect(await page.title()).not.toBe('1')
})
