import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, column, press, start, total, until, violations } from './harness'
import { apply, kubectl, scene } from './kubectl'

const NS = `console-table-${process.pid}`
const VIEW = `?kind=pods&ns=${NS}`
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

describe('EX-81 the table', () => {
  test('EX-81 rows are there and live: a change reaches the screen without a reload', async () => {
    page = await bench.page(VIEW)
    await until(
      () => column(page, 'name'),
      (names) => names.includes('boat-0') && names.includes('boat-5'),
      'the pods',
    )
    kubectl(['-n', NS, 'delete', 'pod', 'boat-5', '--now'])
    await until(
      () => column(page, 'name'),
      (names) => !names.includes('boat-5'),
      'the deleted pod',
    )
    apply([
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'boat-7', namespace: NS },
        spec: { nodeSelector: { harbour: 'nowhere' }, containers: [{ name: 'main', image: 'images.invalid/none:1' }] },
      },
    ])
    await until(
      () => column(page, 'name'),
      (names) => names.includes('boat-7'),
      'the new pod',
    )
  })

  test('EX-81 a click and EX-93 a key sort, and the URL says so', async () => {
    page = await bench.page(VIEW)
    await press(page, 'Shift+N', 'Shift+N')
    await until(
      () => column(page, 'name'),
      (names) => names.length > 1 && [...names].sort().reverse().join() === names.join(),
      'names from Z',
    )
    expect(new URL(page.url()).searchParams.get('sort')).toBe('-name')
    await page.click('[data-column=age]')
    await page.waitForSelector('[data-column=age][aria-sort=ascending]')
    await page.goBack()
    await page.waitForSelector('[data-column=name][aria-sort=descending]')
  })

  test('EX-91 the filter box filters, and an error stands under it with a caret', async () => {
    page = await bench.page(VIEW)
    await press(page, '/')
    await page.keyboard.type('boat-1')
    await until(
      () => column(page, 'name'),
      (names) => names.join() === 'boat-1',
      'one pod',
    )
    await press(page, 'Escape')
    await until(
      () => total(page),
      (count) => count > 4,
      'all pods',
    )
    await page.fill('[aria-label=Filter]', '-l number=2')
    await until(
      () => column(page, 'name'),
      (names) => names.join() === 'boat-2',
      'the labelled pod',
    )
    await page.fill('[aria-label=Filter]', 'where name >')
    await page.waitForSelector('#filter-error')
    expect(await page.locator('#filter-error').textContent()).toContain('^')
    expect((await column(page, 'name')).length, 'the rows stay').toBeGreaterThan(0)
  })

  test('EX-92 keys move, mark and open; Esc goes back', async () => {
    page = await bench.page(VIEW)
    await until(
      () => total(page),
      (count) => count > 3,
      'rows',
    )
    const active = () => page.locator('[role=grid]').getAttribute('aria-activedescendant')
    await press(page, 'j', 'j', 'k')
    expect(await until(active, (id) => id === 'row-1', 'the cursor')).toBe('row-1')
    await press(page, 'Shift+G')
    const last = (await total(page)) - 1
    await until(active, (id) => id === `row-${last}`, 'the last row')
    await press(page, 'g', 'Space', 'Space')
    await page.getByText('2 marked').waitFor()
    await press(page, 'Escape')
    await page.getByText('2 marked').waitFor({ state: 'detached' })
    await press(page, 'Enter')
    await page.waitForSelector('[role=tabpanel] dl')
    expect(new URL(page.url()).searchParams.get('object')).toContain(NS)
    await press(page, 'Escape')
    await page.waitForSelector('[role=tabpanel]', { state: 'detached' })
  })

  test('EX-92 End reaches the last row of the largest list', async () => {
    page = await bench.page('?kind=pods')
    const count = await until(
      () => total(page),
      (rows) => rows > 0,
      'rows',
    )
    await press(page, 'End')
    await page.waitForSelector(`#row-${count - 1} [role=gridcell]:not(:empty)`)
    await until(
      () => page.locator(`#row-${count - 1}`).textContent(),
      (text) => (text ?? '').length > 5,
      'the last row',
    )
  })

  test('EX-90 `:` goes to a kind, a namespace and a filter', async () => {
    page = await bench.page('?kind=nodes')
    await press(page, ':')
    await page.keyboard.type(`po ${NS} /boat-3`)
    await press(page, 'Enter')
    await until(
      () => column(page, 'name'),
      (names) => names.join() === 'boat-3',
      'the pod',
    )
  })

  test('EX-84 the palette finds an object by name', async () => {
    page = await bench.page('?kind=nodes')
    await press(page, 'Control+k')
    await page.keyboard.type('boat-4')
    await page
      .getByRole('option', { name: /boat-4/ })
      .first()
      .waitFor()
    await page
      .getByRole('option', { name: /boat-4/ })
      .first()
      .click()
    await page.waitForSelector('[role=tabpanel] dl')
    expect(new URL(page.url()).searchParams.get('object')).toContain('boat-4')
  })

  test('EX-81 n copies the name, Ctrl-C the marked rows as TSV', async () => {
    page = await bench.page(`${VIEW}&filter=boat&sort=name`)
    await until(
      () => total(page),
      (count) => count > 3,
      'rows',
    )
    await press(page, 'n')
    await page.getByText('copied boat-0').first().waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('boat-0')
    await press(page, 'Space', 'Space', 'Control+c')
    await page.getByText('copied 2 rows').first().waitFor()
    const lines = (await page.evaluate(() => navigator.clipboard.readText())).split('\n')
    expect(lines.length).toBe(3)
    expect(lines[0]?.split('\t')[0]).toBe('Name')
  })

  test('EX-81 a hidden column stays hidden for its kind', async () => {
    page = await bench.page(VIEW)
    await page.click('[data-column=ready]', { button: 'right' })
    await page.getByRole('menuitemcheckbox', { name: 'Ready' }).click()
    await page.waitForSelector('[data-column=ready]', { state: 'detached' })
    await page.reload()
    await page.waitForSelector('[role=grid][data-ready=true]')
    await page.waitForSelector('[data-column=status]')
    expect(await page.locator('[data-column=ready]').count()).toBe(0)
    await page.evaluate(() => localStorage.clear())
  })

  test('EX-80 the navigation counts live', async () => {
    page = await bench.page(VIEW)
    const count = async () =>
      (await page.locator('nav[aria-label=Kinds] [aria-current=page]').textContent())?.replace(/\D/g, '')
    const before = Number(await until(count, (text) => Number(text) > 0, 'a count'))
    kubectl(['-n', NS, 'delete', 'pod', 'boat-4', '--now'])
    await until(count, (text) => Number(text) === before - 1, 'one less')
  })
})

describe('EX-99 accessibility', () => {
  for (const theme of ['light', 'dark'] as const) {
    test(`EX-99 axe finds nothing in the ${theme} theme`, async () => {
      page = await bench.page(`${VIEW}&sort=name`)
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      await until(
        () => total(page),
        (count) => count > 0,
        'rows',
      )
      const found = new Map<string, string[]>()
      found.set('table', await violations(page))
      await press(page, 'g', 'Enter')
      await page.waitForSelector('[role=tabpanel] dl')
      found.set('detail', await violations(page))
      await press(page, 'y')
      await page.waitForSelector('.cm-content')
      found.set('yaml', await violations(page))
      await press(page, 'Escape', 'Control+k')
      await page.waitForSelector('[role=option]')
      found.set('palette', await violations(page))
      await press(page, 'Escape')
      await page.waitForSelector('[role=dialog]', { state: 'detached' })
      await press(page, '?')
      await page.getByRole('dialog').waitFor()
      found.set('help', await violations(page))
      await press(page, 'Escape')
      await page.waitForSelector('[role=dialog]', { state: 'detached' })
      await press(page, 'Delete')
      await page.waitForSelector('[role=dialog] ol li')
      found.set('plan', await violations(page))
      expect([...found].filter(([, all]) => all.length > 0)).toEqual([])
    })
  }

  test('EX-100 the theme changes without a reload and stays', async () => {
    page = await bench.page(VIEW)
    await page.click('[aria-label=Theme]')
    await page.getByRole('menuitemcheckbox', { name: 'High contrast' }).click()
    await page.waitForSelector('html[data-contrast=high]')
    await page.reload()
    await page.waitForSelector('html[data-contrast=high]')
    await page.evaluate(() => localStorage.clear())
  })
})
