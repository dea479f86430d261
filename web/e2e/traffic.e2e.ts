/** The journeys of the section Traffic: a tap from a row, requests as they happen, one request whole, files. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect as secure } from 'node:tls'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, column, press, start, total, until, violations } from './harness'
import { apply, kubectl } from './kubectl'
import { keptOpen, NS, PORT, podOfServer, SERVER, tapHere } from './shop'

let bench: Bench
let page: Page
let tap = ''

beforeAll(async () => {
  bench = await start()
})
afterEach(async () => {
  await page?.close()
})
afterAll(async () => {
  await bench?.close()
})

const count = async () => total(page)
const texts = (id: string) => column(page, id)
const records = async () => (await page.locator('[role=grid][aria-label=Records]').count()) > 0
const state = async () => (await page.locator('main header [role=status]').first().textContent()) ?? ''
const opened = async (part = '') => {
  page = await bench.page(`?view=traffic&tap=${tap}${part}`)
}

describe('CAP-A-03 from a row to its traffic, by keyboard alone', () => {
  test('CAP-N-33 p on a workload asks how, Enter starts, and one stands at its records', async () => {
    page = await bench.page(`?kind=deployments.apps&ns=${NS}&filter=${SERVER}`)
    tap = await tapHere(page, async () => expect(await violations(page)).toEqual([]))
    expect(tap).toMatch(/^[0-9a-f]{32}$/)
    await until(count, (all) => all > 3, 'records of the demo’s own traffic')
    await page.getByRole('button', { name: '1 tap', exact: false }).first().waitFor()
  })

  test('CAP-A-04b a request is painted while its connection stays open', async () => {
    await opened('&filter=where request ~ "journey-"')
    for (let round = 0; round < 5; round++) {
      const path = `/journey-${process.pid}-${round}`
      const { close } = await keptOpen(podOfServer(), path)
      await until(
        () => texts('request'),
        (all) => all.some((text) => text.includes(path)),
        `the request ${path}`,
      )
      close()
    }
  })
})

describe('one record', () => {
  test('CAP-A-05 its headers are shown, in order; and its parts without a violation', async () => {
    await opened(`&filter=where request ~ "journey-${process.pid}-0"`)
    await until(count, (all) => all > 0, 'the request')
    await page.locator('[role=grid] [role=row][aria-rowindex="2"]').click()
    await page.getByRole('tab', { name: 'Headers' }).click()
    const request = page.locator('section[aria-label="Request headers"]')
    await request.waitFor()
    expect(await request.locator('dt').allTextContents()).toEqual(['Host', 'X-Journey', 'x-journey', 'Connection'])
    expect(await request.locator('dd').allTextContents()).toContain('<b>two</b>')
    expect(await page.locator('section b:text("two")').count(), 'headers are text').toBe(0)
    const parts = await page.getByRole('tab').allTextContents()
    for (const part of parts) {
      await page.getByRole('tab', { name: part }).click()
      await page.waitForSelector('[role=tabpanel] :is(h2, h3, ol, pre, [role=listbox], [aria-label=Stream])')
      expect(await violations(page), part).toEqual([])
    }
  })

  test('CAP-57 beside the list: what it came to, both ends, where the time went, what the connection carried', async () => {
    await opened(`&filter=where request ~ "journey-${process.pid}-0"`)
    await until(count, (all) => all > 0, 'the request')
    await page.locator('[role=grid] [role=row][aria-rowindex="2"]').click()
    const pane = page.locator('aside[aria-label=Record]')
    const summary = pane.getByRole('note', { name: 'Summary' })
    await summary.waitFor()
    expect(await page.locator('[role=grid][aria-label=Records]').isVisible(), 'the list stays').toBe(true)
    expect(await summary.textContent()).toMatch(/^[\d.]+(µs|ms|s).* → .*first byte after [\d.]+(µs|ms|s)$/)
    for (const end of ['Client', 'Server']) await pane.getByRole('region', { name: end, exact: true }).waitFor()
    expect(await pane.getByRole('region', { name: 'Server', exact: true }).textContent()).toContain(`:${PORT}`)
    const facts = (await pane.locator('dl').last().textContent()) ?? ''
    expect(facts).toMatch(/ProtocolHTTP\/1\.1/)
    expect(facts).toMatch(/Client sent\d+ packets, \d+ B/)
    expect(facts).toMatch(/Server sent\d+ packets, \d+ B/)
    expect(await violations(page)).toEqual([])
  })

  test('CAP-58 bars from the connection to the last byte, exact to the microsecond, and its flow on one axis', async () => {
    await opened(`&filter=where request ~ "journey-${process.pid}-0"`)
    await until(count, (all) => all > 0, 'the request')
    await page.locator('[role=grid] [role=row][aria-rowindex="2"]').click()
    const time = page.getByRole('region', { name: 'Where the time went' })
    await time.waitFor()
    const bars = await time.locator('li').evaluateAll((all) => all.map((bar) => bar.getAttribute('title') ?? ''))
    expect(bars.map((bar) => bar.split(':')[0])).toEqual(['TCP', 'send', 'wait', 'receive'])
    for (const bar of bars) expect(bar).toMatch(/: [\d,]+ µs, /)
    await page.getByRole('tab', { name: 'Conversation' }).click()
    const lane = page.locator('[role=tabpanel] ol button[aria-current=true]')
    await lane.waitFor()
    expect(await lane.getAttribute('title')).toMatch(/took [\d,]+ µs$/)
    expect(await violations(page)).toEqual([])
  })

  test('CAP-N-26c the requests of one trace stand on one axis, whichever connection each came by', async () => {
    const trace = `4bf9${process.pid.toString(16).padStart(28, '0')}`
    const open = []
    for (const [round, span] of ['00f067aa0ba902b7', '00f067aa0ba902b8'].entries()) {
      const more = [`traceparent: 00-${trace}-${span}-01`]
      open.push(await keptOpen(podOfServer(), `/traced-${process.pid}-${round}`, more))
    }
    await opened(`&filter=where request ~ "traced-${process.pid}-"`)
    await until(count, (all) => all >= 2, 'both requests')
    for (const { close } of open) close()
    await page.locator('[role=grid] [role=row][aria-rowindex="2"]').click()
    await page.getByRole('button', { name: 'Show the trace' }).click()
    const lanes = page.locator('[role=tabpanel] ol button')
    await until(
      () => lanes.allTextContents(),
      (all) => [0, 1].every((round) => all.some((text) => text.includes(`/traced-${process.pid}-${round}`))),
      'both on one axis',
    )
    const before = new URL(page.url()).searchParams.get('record')
    expect(await violations(page)).toEqual([])
    await page.locator('[role=tabpanel] ol button:not([aria-current])').first().click()
    await until(
      async () => new URL(page.url()).searchParams.get('record'),
      (now) => now !== before,
      'the other request',
    )
    await page.locator('[role=tabpanel] ol button[aria-current=true]').waitFor()
  })

  test('CAP-N-26 the lines of its pods’ logs that name the trace stand below its requests', async () => {
    // The server refuses this and writes the word that it did not expect into its log.
    const trace = `5cf9${process.pid.toString(16).padStart(28, '0')}`
    const more = [`traceparent: 00-${trace}-00f067aa0ba902b7-01`, 'Connection: Upgrade', `Upgrade: ${trace}`]
    const { close } = await keptOpen(podOfServer(), `/ws?logged-${process.pid}`, more)
    close()
    const logs = ['-n', NS, 'logs', '-l', `app.kubernetes.io/name=${SERVER}`, '--since=10m', '--tail=-1']
    await until(
      async () => kubectl(logs),
      (text) => text.includes(trace),
      'the line in the log of the server',
    )
    await opened(`&filter=where request ~ "logged-${process.pid}"`)
    await until(count, (all) => all > 0, 'the request')
    await page.locator('[role=grid] [role=row][aria-rowindex="2"]').click()
    await page.getByRole('button', { name: 'Show the trace' }).click()
    const lines = page.locator('section[aria-label="Log lines"] pre')
    await lines.waitFor()
    expect(await lines.textContent()).toMatch(new RegExp(`^\\d{4}-.*Z ${NS}/${SERVER}-\\S+ \\S+: .*${trace}`))
    expect(await violations(page)).toEqual([])
  })

  test('CAP-59 its packets layer by layer, and the stream of both directions', async () => {
    await opened(`&filter=where request ~ "journey-${process.pid}-0"`)
    await until(count, (all) => all > 0, 'the request')
    await page.locator('[role=grid] [role=row][aria-rowindex="2"]').click()
    await page.getByRole('tab', { name: 'Packets' }).click()
    const first = page.getByRole('option').first()
    await first.filter({ hasText: 'SYN' }).waitFor()
    // The list begins at the record: the first packet of its request.
    await page.locator('[role=option][aria-selected=true]').filter({ hasText: 'PSH' }).waitFor()
    await page.getByRole('listbox', { name: 'Packets' }).focus()
    await press(page, 'g', 'j')
    await page.locator('[role=option][aria-selected=true]').filter({ hasText: 'SYN ACK' }).waitFor()
    const layers = page.getByRole('region', { name: 'Layers of the packet' })
    expect(await layers.locator('summary').allTextContents()).toEqual(
      expect.arrayContaining(['Ethernet', 'IPv4', 'TCP']),
    )
    await layers.getByRole('button', { name: /^Flags/ }).click()
    expect(await page.locator('mark').allTextContents()).toContain('12 ')
    expect(await violations(page)).toEqual([])
    await page.getByRole('tab', { name: 'Stream' }).click()
    const stream = page.getByRole('region', { name: 'Stream' })
    await stream.getByText(`GET /journey-${process.pid}-0 HTTP/1.1`).waitFor()
    await stream
      .getByText(/^HTTP\/1\.1 \d+/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'hex', exact: true }).click()
    await stream.getByText(/^00000000 {2}47 45 54 20/).waitFor()
    expect(await violations(page)).toEqual([])
  })

  test('CAP-59b ] and [ go from record to record, f shows its flow alone, Esc goes back step by step', async () => {
    await opened()
    await until(count, (all) => all > 5, 'records')
    await press(page, 'k', 'k', 'Enter')
    await page.waitForSelector('aside[aria-label=Record] h2')
    const at = () => new URL(page.url()).searchParams.get('record')
    const first = at()
    await press(page, ']')
    await until(
      async () => at(),
      (now) => now !== first,
      'the next record',
    )
    await press(page, '[')
    await until(
      async () => at(),
      (now) => now === first,
      'the record before',
    )
    await press(page, 'f')
    await until(
      async () => new URL(page.url()).searchParams.get('filter') ?? '',
      (filter) => filter.startsWith('where flow = '),
      'the filter',
    )
    await press(page, 'Escape')
    await page.waitForSelector('aside[aria-label=Record]', { state: 'detached' })
    await press(page, 'Escape')
    await until(
      async () => new URL(page.url()).searchParams.get('filter'),
      (filter) => !filter,
      'no filter',
    )
    await press(page, 'Escape')
    await page.waitForSelector('[role=grid][aria-label=Taps]')
  })
})

test('CAP-60 following stops when one scrolls up, counts, and goes on with G; a row that is read does not move', async () => {
  await opened()
  await until(count, (all) => all > 60, 'records to scroll')
  await page.getByText('following').waitFor()
  await page.locator('[role=grid]').hover()
  await page.mouse.wheel(0, -400)
  const more = page.getByRole('button', { name: /new/ })
  await more.waitFor()
  const top = () =>
    page.evaluate(() => {
      const rows = [...document.querySelectorAll<HTMLElement>('[role=row][aria-rowindex]:not([hidden])')]
      const edge = document.querySelector('[role=grid]')?.getBoundingClientRect().top ?? 0
      const at = rows.map((row) => [row.getBoundingClientRect().top - edge, row.textContent] as const)
      return at.filter(([y]) => y >= 28).sort((a, b) => a[0] - b[0])[0]
    })
  const before = await top()
  const many = await count()
  await until(count, (now) => now > many + 5, 'more records')
  expect(await top()).toEqual(before)
  await press(page, 'Shift+G')
  await page.getByText('following').waitFor()
})

test('CAP-59o e goes from a record to the pod that was asked, Back returns', async () => {
  await opened(`&filter=where request ~ "journey-${process.pid}-0"`)
  await until(count, (all) => all > 0, 'the request')
  await page.locator('[role=grid] [role=row][aria-rowindex="2"]').click()
  await page.getByRole('button', { name: 'Open the pod' }).first().waitFor()
  await press(page, 'e')
  await until(
    async () => new URL(page.url()).searchParams.get('object') ?? '',
    (object) => object.includes(`${NS}/${SERVER}-`),
    'the pod',
  )
  await page.goBack()
  await until(records, Boolean, 'the records')
})

test('CAP-52d chips narrow the records, with the filter box; an error stands under its place', async () => {
  await opened()
  await page.getByRole('button', { name: /^HTTP/ }).click()
  await until(
    () => texts('protocol'),
    (all) => all.length > 0 && all.every((text) => text === 'http'),
    'HTTP alone',
  )
  await press(page, '/')
  await page.keyboard.type('where stat = 3')
  await page.locator('#filter-error').filter({ hasText: '^^^^' }).waitFor()
  await page.keyboard.press('Escape')
  await until(
    () => texts('protocol'),
    (all) => all.length > 0 && all.every((text) => text === 'http'),
    'the chip holds',
  )
})

test('CAP-A-07 Download gives JSON lines and an archive of requests', async () => {
  await opened()
  await until(count, (all) => all > 5, 'records')
  const file = async (name: string) => {
    await page.getByRole('button', { name: /Download/ }).click()
    const waiting = page.waitForEvent('download')
    await page.getByRole('menuitem', { name }).click()
    return readFileSync(await (await waiting).path(), 'utf8')
  }
  const lines = (await file('Records (JSON lines)')).trim().split('\n')
  expect(lines.length).toBeGreaterThan(5)
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('kind')
  const har = JSON.parse(await file('Requests (HAR)')) as { log: { version: string; entries: unknown[] } }
  expect(har.log.version).toBe('1.2')
  expect(har.log.entries.length).toBeGreaterThan(0)
})

test('CAP-A-07b Download PCAP gives a file that Wireshark’s own programs read without a warning', async () => {
  await opened()
  await until(count, (all) => all > 5, 'records')
  await page.getByRole('button', { name: /Download/ }).click()
  const waiting = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Packets (pcapng)' }).click()
  const path = await (await waiting).path()
  const seen = spawnSync('capinfos', ['-Mc', path], { encoding: 'utf8' })
  expect(seen.stderr, 'capinfos').toBe('')
  expect(Number(/Number of packets: +(\d+)/.exec(seen.stdout)?.[1])).toBeGreaterThan(10)
  const read = spawnSync('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.number'], { encoding: 'utf8' })
  expect(read.stderr.replace(/Running as user .*\n/, ''), 'tshark').toBe('')
  expect(read.stdout.trim().split('\n').length).toBeGreaterThan(10)
})

test('CAP-N-16 the map is drawn and does not move, and is a table too; a line opens its records; CAP-N-17c latencies by route', async () => {
  await opened()
  await until(count, (all) => all > 5, 'records')
  await press(page, 'm')
  const drawn = page.getByRole('link', { name: /to front.*http.* a second/s }).first()
  await drawn.waitFor()
  expect(await violations(page)).toEqual([])
  const places = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('svg a rect')].map((one) => [one.getAttribute('x'), one.getAttribute('y')].join()),
    )
  const [before, said] = [await places(), await drawn.textContent()]
  await until(
    () => drawn.textContent(),
    (now) => now !== said,
    'other counts',
  )
  expect((await places()).slice(0, before.length), 'nothing moves').toEqual(before)
  await press(page, 'j', 'Enter')
  await until(records, Boolean, 'the records of what has the focus')
  expect(new URL(page.url()).searchParams.get('filter')).toMatch(/^where source/)
  await page.goBack()
  await drawn.waitFor()
  await press(page, 'v')
  expect(await violations(page)).toEqual([])
  await press(page, 'v')
  const line = page.getByRole('row', { name: /front.* http / }).first()
  await line.waitFor()
  expect(await violations(page)).toEqual([])
  await line.getByRole('button').click()
  await until(
    () => texts('protocol'),
    (all) => all.length > 0,
    'the records of the line',
  )
  expect(new URL(page.url()).searchParams.get('filter')).toMatch(/^where source = ".+" and destination = ".+"$/)
  await page.locator('[role=grid]').focus()
  await press(page, 'm', 'm')
  await page
    .getByRole('img', { name: /half within/ })
    .first()
    .waitFor()
  expect(await violations(page)).toEqual([])
  await press(page, 'v')
  await page.getByText('The axis is linear').waitFor()
  await page.getByRole('button', { name: 'From now' }).click()
  await page
    .getByRole('img', { name: /half within.*; before half within/ })
    .first()
    .waitFor()
  expect(await violations(page)).toEqual([])
  await press(page, 'Escape')
  await page.waitForSelector('[role=grid][aria-label=Records]')
})

test('CAP-53 the capture filter of a running tap: presets, a look before, an error under its place, one pod, those of before', async () => {
  await opened()
  await until(count, (all) => all > 5, 'records')
  await press(page, 'b')
  const box = page.getByRole('textbox', { name: 'Capture filter of the tap' })
  const matched = page.getByText(/^matches [\d,]+ of the last [\d,]+ packets$/)
  const matching = async () =>
    Number(/^matches ([\d,]+)/.exec((await matched.textContent()) ?? '')?.[1]?.replaceAll(',', ''))
  for (const preset of ['HTTP and HTTPS', 'no DNS', 'SYN only', 'high ports', 'port 443', 'all packets']) {
    const button = page.locator('form').getByRole('button', { name: preset, exact: true })
    await button.click()
    expect(await box.inputValue()).toBe(await button.getAttribute('title'))
    await matched.waitFor()
    expect(await page.getByRole('alert').count(), preset).toBe(0)
  }
  const all = await matching()
  expect(all).toBeGreaterThan(0)
  await box.fill('tcp prot 8080')
  await press(page, 'Enter')
  await page.getByRole('alert').filter({ hasText: '^' }).waitFor()
  expect(await violations(page)).toEqual([])
  await box.fill(`tcp port ${PORT}`)
  await matched.waitFor()
  await press(page, 'Enter')
  await box.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: `capture tcp port ${PORT}` }).waitFor()
  await press(page, 'b')
  await box.fill('')
  await press(page, 'Enter')
  await page.getByRole('button', { name: 'capture all packets' }).waitFor()
  await press(page, 'b')
  await page.getByRole('combobox', { name: 'Filters of before' }).selectOption(`tcp port ${PORT}`)
  expect(await box.inputValue()).toBe(`tcp port ${PORT}`)
  const pod = (await page.getByRole('combobox', { name: 'Of which pods' }).locator('option').nth(1).textContent()) ?? ''
  await page.getByRole('combobox', { name: 'Of which pods' }).selectOption(pod)
  await matched.waitFor()
  await page.getByRole('button', { name: /^Apply/ }).click()
  await page.getByRole('button', { name: `capture (tcp port ${PORT}) and pod ${pod}` }).waitFor()
  await press(page, 'b')
  await page.locator('form').getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('button', { name: 'capture all packets' }).waitFor()
})

test('CAP-N-11u while a filter is typed the page itself says what is wrong, where, and what may stand there', async () => {
  await opened()
  await press(page, 'b')
  const box = page.getByRole('textbox', { name: 'Capture filter of the tap' })
  await box.waitFor()
  // Nobody else may say it.
  await page.route('**/preview*', (route) => route.abort())
  try {
    const alert = page.getByRole('alert')
    await box.fill('tcp prot 8080')
    await alert.filter({ hasText: /line 1, column 5.*expected .* or / }).waitFor()
    await alert.filter({ hasText: 'filter_syntax' }).waitFor()
    await box.fill('tcp port')
    await alert.filter({ hasText: 'column 9' }).waitFor()
    await box.fill('tcp port 80')
    await alert.waitFor({ state: 'detached' })
    await box.fill('host front.shop')
    await alert.filter({ hasText: 'filter_host_unknown' }).waitFor()
    const fetched = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
    expect(fetched.filter((name) => name.endsWith('.wasm'))).toHaveLength(1)
  } finally {
    await page.unroute('**/preview*')
  }
  expect(await violations(page)).toEqual([])
  await press(page, 'Escape')
  await box.waitFor({ state: 'detached' })
})

test('CAP-54 the view is frozen while the capture goes on; holding the capture is an act of its own', async () => {
  await opened()
  await until(count, (all) => all > 5, 'records')
  await press(page, 'p')
  await page.getByRole('button', { name: 'Go on' }).waitFor()
  await page.getByRole('button', { name: /\d new/ }).waitFor()
  expect(await state()).toMatch(/live/)
  await press(page, 'p')
  await page.getByRole('button', { name: 'Hold', exact: true }).click()
  await until(state, (text) => /capture held/.test(text), 'the state')
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Capture again' }).click()
  await until(state, (text) => /live/.test(text), 'the state')
  const many = await count()
  await until(count, (now) => now > many, 'records again')
  // What happened to the capture stands between what was captured.
  await page.waitForSelector('[role=row][data-what=change]')
  expect(await violations(page)).toEqual([])
})

test('CAP-51 more columns of the list: node, verdict and the like', async () => {
  await opened()
  await until(count, (all) => all > 5, 'records')
  await page.locator('[role=columnheader]').first().click({ button: 'right' })
  const names = await page.locator('[role=menuitemcheckbox]').allTextContents()
  for (const name of ['Namespace', 'Node', 'Container', 'Trace', 'Retransmits', 'Verdict', 'Vantage'])
    expect(names.join(), name).toContain(name)
  await page.locator('[role=menuitemcheckbox]').filter({ hasText: 'Node' }).click()
  await until(
    () => texts('node'),
    (all) => all.some((text) => text.length > 1),
    'nodes',
  )
})

test('CAP-N-33b the pane of a pod says which taps see it; a tap that is stopped is said to be over', async () => {
  page = await bench.page(`?kind=pods&ns=${NS}&filter=${SERVER}`)
  await until(count, (all) => all > 0, 'the pods')
  await press(page, 'f')
  await page.getByRole('button', { name: 'Show' }).first().waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Show' }).first().click()
  await until(records, Boolean, 'the records')
  expect(await violations(page)).toEqual([])
  await page.locator('[role=grid]').focus()
  await press(page, 'Shift+X')
  await until(state, (text) => /ended/.test(text), 'the end')
  expect(await page.getByRole('button', { name: 'Stop', exact: true }).isDisabled()).toBe(true)
})

test('CAP-N-33c with --read-only nothing is tapped, and the reason is said', async () => {
  const guarded = await start({ args: ['--read-only'] })
  try {
    page = await guarded.page(`?kind=pods&ns=${NS}&filter=${SERVER}`)
    await until(count, (all) => all > 0, 'the pods')
    await press(page, 'p')
    await page.getByRole('button', { name: /Results/ }).waitFor()
    expect(await page.locator('[role=dialog]').count()).toBe(0)
    await press(page, 'Shift+F')
    await page.getByText('Nothing is tapped').waitFor()
    expect(await violations(page)).toEqual([])
  } finally {
    await guarded.close()
  }
})

/** A tap of what stands under the cursor, by keyboard; one stands at its records then. */
async function tapped(search: string): Promise<void> {
  page = await bench.page(search)
  await tapHere(page)
}

async function ended(): Promise<void> {
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await until(state, (text) => /ended/.test(text), 'the end')
}

test('CAP-N-22k the board of TLS: what a server showed, and its handshakes behind it', async () => {
  await tapped(`?kind=deployments.apps&ns=${NS}&filter=where name = "pay"`)
  const chosen = ['-l', 'app.kubernetes.io/name=pay', '-o', 'jsonpath={.items[0].status.podIP}']
  const host = kubectl(['-n', NS, 'get', 'pods', ...chosen])
  const servername = `pay-${process.pid}.example`
  await new Promise<void>((resolve, reject) => {
    // In TLS 1.2 the certificate is in the clear.
    const socket = secure({ host, port: 8443, servername, maxVersion: 'TLSv1.2', rejectUnauthorized: false })
    socket.once('error', reject)
    socket.once('secureConnect', () => socket.end(() => resolve()))
  })
  await press(page, 'm', 'm', 'm')
  const board = page.getByRole('region', { name: 'Servers that speak TLS' })
  const row = board.getByRole('row').filter({ hasText: servername })
  await row.waitFor()
  expect(await row.textContent()).toMatch(/(left|expired|today).*another name.*1\.2.*t12/)
  expect(await violations(page)).toEqual([])
  await row.getByRole('button', { name: servername }).focus()
  await press(page, 'Enter')
  await until(records, Boolean, 'its handshakes')
  await until(
    () => texts('request'),
    (all) => all.length > 0 && all.every((text) => text.includes(servername)),
    'its handshakes alone',
  )
  await ended()
})

test('CAP-62b where packets are not allowed a banner says that connections alone are shown', async () => {
  const namespace = `sockets-${process.pid}`
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  const [image, command] = ['image', 'command'].map((field) =>
    kubectl([
      ...['-n', NS, 'get', 'pods', '-l', `app.kubernetes.io/name=${SERVER}`],
      ...['-o', `jsonpath={.items[0].spec.containers[0].${field}}`],
    ]),
  )
  apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }])
  try {
    kubectl(['wait', '--for=create', 'serviceaccount/default', '-n', namespace, '--timeout=60s'])
    const securityContext = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    }
    const main = { name: 'main', image, args: ['cart'], securityContext }
    apply([
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'one', namespace },
        spec: {
          terminationGracePeriodSeconds: 1,
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, runAsUser: 65532 },
          containers: [command === '' ? main : { ...main, command: JSON.parse(command ?? '[]') }],
        },
      },
    ])
    kubectl(['wait', '-n', namespace, 'pod/one', '--for=jsonpath={.status.phase}=Running', '--timeout=50s'])
    await tapped(`?kind=pods&ns=${namespace}`)
    const banner = page.getByRole('note').filter({ hasText: 'No packets are allowed in 1 pod' })
    await banner.waitFor()
    expect(await banner.textContent()).toMatch(/connections alone are shown there/)
    await page.getByRole('button', { name: '1 pod' }).click()
    await page.getByRole('cell', { name: /no packets allowed: connections alone.*capturing/ }).waitFor()
    expect(await violations(page)).toEqual([])
    await ended()
  } finally {
    kubectl(['delete', 'namespace', namespace, '--wait=false'])
  }
})
