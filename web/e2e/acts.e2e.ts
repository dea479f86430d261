import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { audited, auditMark } from './direct'
import { type Bench, column, press, start, total, until } from './harness'
import { kubectl, scene } from './kubectl'

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

const isTrial = ({ requestURI }: { requestURI: string }) => requestURI.includes('dryRun=All')
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
    const mark = auditMark()
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
    // the API server's own word: each object was tried in both plans and deleted once, last, under a decision of ours
    for (const name of ['boat-0', 'boat-1']) {
      const deletions = await until(
        async () => audited(mark).filter(({ verb, objectRef }) => verb === 'delete' && objectRef?.name === name),
        (lines) => lines.some((line) => !isTrial(line)),
        'the deletion in the audit log',
      )
      expect(deletions.map(isTrial), name).toEqual([...deletions.slice(1).map(() => true), false])
      expect(deletions.length).toBeGreaterThan(1)
      expect(deletions.at(-1)?.userAgent).toMatch(/ decision\/\S+$/)
    }
  })

  test('EX-94a s scales with a diff of what changes', async () => {
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

  test('EX-94a r restarts with a diff of the template', async () => {
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

test('EX-11c a production cluster is framed in red and asks for the typed name', async () => {
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

test('EXF-28b hostile object text is text', async () => {
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

test('EXF-28c a computer whose clock is wrong shows right ages and says so', async () => {
  const context = await bench.browser.newContext({ viewport: { width: 1440, height: 900 } })
  try {
    await context.addCookies(await bench.context.cookies())
    // This computer lives two hours in the past.
    await context.addInitScript(() => {
      const now = Date.now.bind(Date)
      Date.now = () => now() - 7_200_000
    })
    const wrong = await context.newPage()
    await wrong.goto(`${bench.origin}/?kind=pods&ns=${NS}`)
    await wrong.waitForSelector('[role=grid][data-ready=true]')
    await wrong.getByText(/clock is off by 7[12]\d\d s/).waitFor()
    const ages = await column(wrong, 'age')
    expect(ages.length).toBeGreaterThan(0)
    for (const age of ages) expect(age).toMatch(/^\d+[sm]/)
  } finally {
    await context.close()
  }
})
