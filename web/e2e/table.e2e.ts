import { spawn } from 'node:child_process'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, column, press, start, total, until, violations } from './harness'
import { apply, kubectl, scene } from './kubectl'

const NS = `console-table-${process.pid}`
const VIEW = `?kind=pods&ns=${NS}`
let bench: Bench
let page: Page
let stage: { remove(): void }

/** So many programs that have much to do, for a minute at most; the answer ends them. */
function busy(count: number): () => void {
  const work = 'const end = Date.now() + 60000; while (Date.now() < end);'
  const programs = Array.from({ length: count }, () => spawn(process.execPath, ['-e', work], { stdio: 'ignore' }))
  return () => programs.forEach((program) => void program.kill())
}

beforeAll(async () => {
  stage = scene(NS)
  bench = await start()
})
afterEach(async () => page?.close())
afterAll(async () => {
  stage?.remove()
  await bench?.close()
})

describe('EX-81b the table', () => {
  test('EX-81b rows are there and live: a change reaches the screen without a reload', async () => {
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

  test('EX-81b a click and EX-93a a key sort, and the URL says so', async () => {
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

  test('EX-92a keys move, mark and open; Esc goes back', async () => {
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

  test('EX-92e Enter leads from a workload and from a node to its pods; Esc leads back', async () => {
    page = await bench.page(`?kind=deployments.apps&ns=${NS}`)
    await until(
      () => column(page, 'name'),
      (names) => names.includes('crane'),
      'the deployment',
    )
    const node = kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}'])
    await press(page, 'g', 'Enter')
    await until(
      () => column(page, 'name'),
      (names) => names.length > 0 && names.every((name) => name.startsWith('crane-')),
      'its pods alone',
    )
    expect(new URL(page.url()).searchParams.get('kind') ?? 'pods').toBe('pods')
    const owned = JSON.parse(kubectl(['-n', NS, 'get', 'pods', '-l', 'app=crane', '-o', 'json'])) as {
      items: Array<{ metadata: { name: string } }>
    }
    expect(await column(page, 'name')).toContain(owned.items[0]?.metadata.name)
    await press(page, 'Enter')
    await page.waitForSelector('[role=tabpanel] dl')
    await press(page, 'Escape')
    await page.waitForSelector('[role=tabpanel]', { state: 'detached' })
    await press(page, 'Escape')
    await until(
      () => column(page, 'name'),
      (names) => names.includes('crane'),
      'the deployment again',
    )
    expect(new URL(page.url()).searchParams.get('kind')).toBe('deployments.apps')
    await press(page, ...[':', ...'nodes', 'Enter'])
    await page.waitForSelector('[data-column=version]')
    await press(page, '/')
    await page.keyboard.type(`where name = "${node}"`)
    await press(page, 'Enter')
    await until(
      () => total(page),
      (count) => count === 1,
      'the node',
    )
    await press(page, 'g', 'Enter')
    await until(
      () => page.inputValue('[aria-label=Filter]'),
      (text) => text === `where node = "${node}"`,
      'the pods of the node',
    )
    await page.click('#row-0', { button: 'right' })
    await page.getByRole('menuitem', { name: 'YAML' }).waitFor()
    expect(await page.getByRole('menuitem', { name: 'Its pods' }).count(), 'nothing is below a pod').toBe(0)
    await press(page, 'Escape')
  })

  test('EX-92d 1 to 9 are favourite namespaces, 0 is all of them', async () => {
    page = await bench.page('?kind=pods')
    const chosen = () => page.getByRole('button', { name: /^Namespaces: / }).getAttribute('aria-label')
    await press(page, '1')
    expect(await chosen(), 'nothing is a favourite yet').toBe('Namespaces: All namespaces')
    await press(page, 'Shift+P')
    await page.getByRole('combobox', { name: 'Find a namespace' }).fill(NS)
    await page.getByRole('option', { name: NS }).waitFor()
    await press(page, '*', 'Escape')
    await page.getByRole('combobox', { name: 'Find a namespace' }).waitFor({ state: 'detached' })
    await press(page, '1')
    await until(chosen, (text) => text === `Namespaces: ${NS}`, 'the favourite')
    await press(page, '0')
    await until(chosen, (text) => text === 'Namespaces: All namespaces', 'all of them')
    await page.reload()
    await page.waitForSelector('[role=grid][data-ready=true]')
    await press(page, '1')
    await until(chosen, (text) => text === `Namespaces: ${NS}`, 'the favourite, remembered')
  })

  test('EX-92a End reaches the last row of the largest list', async () => {
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

  test('EX-90a `:` goes to a kind, a namespace and a filter', async () => {
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

  test('EX-90b the palette has the focus before the next key, so that no letter of a fast hand is lost', async () => {
    page = await bench.page(VIEW)
    const focused = await page.evaluate(async () => {
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: ':', bubbles: true, cancelable: true }))
      // A task later, as the next key would be; a frame may be far off.
      await new Promise((resolve) => setTimeout(resolve, 0))
      return document.activeElement?.getAttribute('aria-label')
    })
    expect(focused).toBe('Find')
  })

  test('EX-95b keys that come without a pause between them all arrive, on a machine that has much else to do', async () => {
    page = await bench.page(VIEW)
    await until(
      () => total(page),
      (count) => count > 0,
      'rows',
    )
    const stop = busy(4)
    try {
      // Each key as soon as the page has taken the one before, and no sooner: as a hand that does not wait.
      await press(page, ...['Shift+P', ...'kube-system', 'Enter', '/', ...'core', 'Enter', 'j', 'k'])
      await until(
        async () => new URL(page.url()).searchParams,
        (query) => query.get('ns') === 'kube-system' && query.get('filter') === 'core',
        'the namespace and the filter that were typed',
      )
      await press(page, ...[':', ...'deploy', 'Enter', '/', ...'dns', 'Enter'])
      await until(
        async () => new URL(page.url()).searchParams,
        (query) => query.get('kind') === 'deployments.apps' && query.get('filter') === 'dns',
        'the kind and the filter that were typed',
      )
      await until(
        () => total(page),
        (count) => count === 1,
        'the deployment',
      )
      await press(page, ...['s', '7'])
      await until(
        () => page.locator('[role=dialog] input[type=number]').inputValue(),
        (value) => value === '7',
        'the digit in the plan',
      )
      await press(page, ...['Escape', 'Shift+F10', 'ArrowDown', 'Escape', 'p'])
      await page.locator('[role=dialog] button[type=submit]:focus').waitFor()
      await press(page, ...['Escape', 'Shift+F', '/', ...'zzz'])
      await until(
        () => page.locator('input[aria-label=Filter]').inputValue(),
        (value) => value === 'zzz',
        'the filter of the taps',
      )
    } finally {
      stop()
    }
  })

  test('EX-84a the palette finds an object by name', async () => {
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

  test('EX-81b n copies the name, Ctrl-C the marked rows as TSV', async () => {
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

  test('EX-81f the menu of a row copies its IP and keeps to its node', async () => {
    page = await bench.page('?kind=pods&ns=kube-system&filter=coredns')
    await until(
      () => total(page),
      (count) => count > 0,
      'the DNS server',
    )
    const wanted = kubectl(['-n', 'kube-system', 'get', 'pods', '-o', 'json'])
    const { items } = JSON.parse(wanted) as {
      items: Array<{ metadata: { name: string }; spec: { nodeName: string }; status: { podIP: string } }>
    }
    const [name] = await column(page, 'name')
    const pod = items.find(({ metadata }) => metadata.name === name)
    await page.click('#row-0', { button: 'right' })
    await page.getByRole('menuitem', { name: 'Copy IP' }).click()
    await until(
      () => page.evaluate(() => navigator.clipboard.readText()),
      (text) => text === pod?.status.podIP,
      'the IP',
    )
    await page.click('#row-0', { button: 'right' })
    await page.getByRole('menuitem', { name: 'Only this node' }).click()
    await until(
      () => page.inputValue('[aria-label=Filter]'),
      (text) => text === `where node = "${pod?.spec.nodeName}"`,
      'the filter',
    )
    await until(
      () => column(page, 'name'),
      (names) => names.includes(name ?? ''),
      'the pod, found again',
    )
  })

  test('EX-81b a hidden column stays hidden for its kind', async () => {
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

  test('EX-81g a width and an order that were dragged stay for their kind, and for no other', async () => {
    page = await bench.page(VIEW)
    const heads = () =>
      page.locator('[role=columnheader]').evaluateAll((all) => all.map((one) => one.dataset['column']))
    // in one step: the heads are made anew when their widths or their order change
    const box = (id: string) =>
      page.locator('[role=columnheader]').evaluateAll((all, id) => {
        const head = all.find((one) => one.dataset['column'] === id)
        if (head === undefined) throw new Error(`no column ${id}`)
        const { x, y, width, height } = head.getBoundingClientRect()
        return { x, y, width, height }
      }, id)
    const before = await heads()
    const name = await box('name')
    const status = await box('status')
    await page.mouse.move(name.x + name.width - 2, name.y + name.height / 2)
    await page.mouse.down()
    await page.mouse.move(name.x + name.width + 58, name.y + name.height / 2, { steps: 5 })
    await page.mouse.up()
    await until(
      async () => (await box('name')).width,
      (width) => Math.abs(width - name.width - 60) <= 2,
      'the name is wider by what was dragged',
    )
    const from = await box('status')
    await page.mouse.move(from.x + status.width / 2, from.y + from.height / 2)
    await page.mouse.down()
    await page.mouse.move(name.x + 10, from.y + from.height / 2, { steps: 8 })
    await page.mouse.up()
    const wanted = ['status', ...before.filter((id) => id !== 'status')]
    await until(heads, (now) => now.join() === wanted.join(), 'the status comes first')
    const wide = (await box('name')).width
    await page.reload()
    await page.waitForSelector('[role=grid][data-ready=true]')
    await until(heads, (now) => now.join() === wanted.join(), 'the order is remembered')
    expect(Math.abs((await box('name')).width - wide)).toBeLessThanOrEqual(2)
    await press(page, ...[':', ...'nodes', 'Enter'])
    await page.waitForSelector('[data-column=version]')
    expect((await heads())[0], 'another kind has its own order').toBe('name')
    await page.evaluate(() => localStorage.clear())
  })

  test('EX-80b the navigation counts live', async () => {
    page = await bench.page(VIEW)
    const count = async () =>
      (await page.locator('nav[aria-label=Kinds] [aria-current=page]').textContent())?.replace(/\D/g, '')
    const before = Number(await until(count, (text) => Number(text) > 0, 'a count'))
    kubectl(['-n', NS, 'delete', 'pod', 'boat-4', '--now'])
    await until(count, (text) => Number(text) === before - 1, 'one less')
  })
})

describe('EX-99a accessibility', () => {
  for (const theme of ['light', 'dark'] as const) {
    test(`EX-99a axe finds nothing in the ${theme} theme`, async () => {
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

  test('EX-100a the theme changes without a reload and stays', async () => {
    page = await bench.page(VIEW)
    await page.click('[aria-label=Theme]')
    await page.getByRole('menuitemcheckbox', { name: 'High contrast' }).click()
    await page.waitForSelector('html[data-contrast=high]')
    await page.reload()
    await page.waitForSelector('html[data-contrast=high]')
    await page.evaluate(() => localStorage.clear())
  })
})
