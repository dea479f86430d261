/** The pages of workspaces as a whole: the list, the form, the way up, a log, an app within the page, and a connection that is lost. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clean, column, press, until } from './harness'
import { apply, kubectl } from './kubectl'
import { inside, KIND, ready, SHELL, workspace, type Yard, yard } from './workspace'

const APP = `
require('http').createServer((request, answer) => {
  answer.setHeader('content-type', 'text/html')
  answer.end('<!doctype html><title>ide</title><h1>The IDE is here</h1>')
}).listen(3000, '127.0.0.1', () => console.log('listens'))
`

/** A blueprint with a parameter, and a preset of it. */
const blueprint = {
  apiVersion: 'quarterdeck.dev/v1alpha1',
  kind: 'Blueprint',
  metadata: { name: 'rigged' },
  spec: {
    image: SHELL,
    resources: { memory: '256Mi' },
    expressions: { '/env/SAILS': 'params.SAILS' },
    params: [{ name: 'SAILS', type: 'string', default: 'one' }],
    presets: [{ name: 'large', params: { SAILS: 'three' } }],
    enableApps: true,
    apps: {
      made: {
        name: 'Made',
        enabled: true,
        binary: '~/made',
        install: "echo fetching; printf '#!/bin/sh\\nexec sleep 1000\\n' > ~/made; chmod +x ~/made",
        start: ['bash', '-c', 'echo serving; exec ~/made'],
      },
    },
  },
}

let here: Yard
let page: Page
let app: ChildProcess | null = null
let round = 0
const still = (name: string) => {
  const { spec, ...object } = workspace(here.namespace, name)
  return { ...object, spec: { ...spec, state: 'Stopped' } }
}

beforeAll(async () => {
  here = await yard('page', blueprint, workspace('', 'desk'))
  const { spec, ...dock } = workspace(here.namespace, 'dock')
  const { image: _, ...rest } = spec
  apply([still('raft'), { ...dock, spec: { ...rest, blueprintRef: { kind: 'Blueprint', name: 'rigged' } } }])
  ready(here.namespace, 'desk')
  ready(here.namespace, 'dock')
}, 120_000)
afterAll(async () => {
  app?.kill()
  await here?.close()
}, 60_000)

const names = async () => (await column(page, 'name')).sort()
const lists = (...wanted: string[]) =>
  until(names, (all) => all.join(' ') === wanted.join(' '), `the rows ${wanted.join(' ')}`)
const url = () => new URL(page.url()).searchParams
const at = (name: string) =>
  until(
    async () => url().get('ws') ?? '',
    (place) => place.endsWith(`/${name}`),
    `the page of ${name}`,
  )
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const picture = (name: string) => page.screenshot({ path: `screenshots/${name}.png` })
const stage = (name: string) =>
  page.getByRole('list', { name: 'Stages' }).getByRole('listitem').filter({ hasText: name })

/** Has the app listen in the pod of desk. */
async function serve(): Promise<void> {
  const net = `--net=/proc/${inside(here.namespace, 'desk')}/ns/net`
  const started = spawn('nsenter', [net, '--', process.execPath, '-e', APP])
  app = started
  await new Promise((told) => started.stdout?.once('data', told))
}

async function ended(): Promise<void> {
  const running = app
  if (running === null || running.exitCode !== null) return
  await new Promise((told) => {
    running.once('exit', told)
    running.kill()
  })
}

/** Has the main container of desk write these lines. */
function write(word: string, count: number): void {
  const pid = inside(here.namespace, 'desk', 'workspaced')
  execFileSync('sh', ['-c', `seq -f "${word} %.0f" ${count} > /proc/${pid}/fd/1`])
}

describe('the pages of workspaces', () => {
  test('AC-81f what it uses of what it may is in sight, and an app is started, with the log of its installation', async () => {
    page = await here.open(`&ws=${here.cluster}/${here.namespace}/dock`)
    const strip = page.getByRole('region', { name: 'What it uses' })
    await strip.getByText(/^\d+\w* of 256Mi$/).waitFor()
    await strip.getByText(/^\d+ processes$/).waitFor()
    expect(await strip.getByRole('progressbar', { name: 'Memory in use' }).count()).toBe(1)
    await page.getByRole('heading', { name: 'What it is', exact: true }).waitFor()
    await page.locator('[data-scope=workspace]').focus()
    await press(page, 'o')
    await button('Start Made').click()
    await button('Log of Made').click()
    await page.getByText('fetching').waitFor()
    await page.getByText('serving').waitFor()
    await clean(page, 'the log of an app')
    await picture('app-log')
    await button('Close').click()
    await button('Look again').click()
    await page.getByRole('row', { name: /Made ● running/ }).waitFor()
    await picture('apps')
    await page.close()
  })

  test('AC-81g any port that somebody listens on is connected to, in a tab of its own', async () => {
    page = await here.open(`&ws=${here.cluster}/${here.namespace}/desk&part=apps`)
    await serve()
    const port = page.getByLabel('Connect to port')
    await port.fill('70000')
    expect(await button('Open in a tab').isDisabled(), 'that is no port').toBe(true)
    await port.fill('3000')
    const [tab] = await Promise.all([here.bench.context.waitForEvent('page'), port.press('Enter')])
    await tab.getByRole('heading', { name: 'The IDE is here' }).waitFor()
    expect(new URL(tab.url()).host).toMatch(/^3000--desk-/)
    await tab.close()
    await button('Look again').click()
    await page.getByRole('row', { name: /^3000 / }).waitFor()
    await ended()
    await page.close()
  })

  test('WX-12 list, search, states, refresh; form; way up; log; app within the page; keys; a lost connection; nothing polls', async () => {
    round += 1
    page = await here.bench.context.newPage()
    page.setDefaultTimeout(20_000)
    const sent: string[] = []
    const dialled: number[] = []
    const asked: string[] = []
    page.on('websocket', (socket) => {
      dialled.push(Date.now())
      socket.on('framesent', ({ payload }) => sent.push(String(payload)))
    })
    page.on('request', (request) => asked.push(request.url()))

    // The list: a word finds, a state filters, one that is made elsewhere comes by being pushed.
    await page.goto(`${here.bench.origin}/?view=workspaces&ns=${here.namespace}`)
    await until(names, (all) => all.includes('desk') && all.includes('raft'), 'the first rows')
    await page.locator('[role=grid]').focus()
    await press(page, '/')
    await page.keyboard.type('raf')
    await lists('raft')
    await press(page, 'Escape')
    await page.fill('[aria-label=Filter]', '')
    await until(names, (all) => all.includes('desk'), 'all rows')
    await button('Stopped').click()
    await until(names, (all) => all.includes('raft') && !all.includes('desk'), 'those that are stopped')
    await button('Running').click()
    await until(names, (all) => all.includes('desk') && !all.includes('raft'), 'those that run')
    await button('All').click()
    await until(names, (all) => all.includes('desk') && all.includes('raft'), 'all rows')
    asked.length = 0
    const late = `late-${round}`
    apply([still(late)])
    await until(names, (all) => all.includes(late), 'the new row')
    const phases = () => column(page, 'phase')
    const stopped = round + 1
    await until(phases, (all) => all.filter((one) => one.includes('Stopped')).length >= stopped, 'its phase')
    expect(asked, 'rows are pushed').toEqual([])
    const before = sent.length
    await button(/^Refresh/).click()
    const subscribed = async () => sent.slice(before).some((frame) => frame.includes('"sub"'))
    await until(subscribed, (is) => is, 'the list is asked for again')
    await until(names, (all) => all.includes('desk') && all.includes(late), 'all rows')
    await clean(page, 'the list')

    // The form, by `g l`: a preset, an image, a name, arguments, limits, variables, labels, ports.
    const ship = `ship-${round}`
    await page.locator('[role=grid]').focus()
    await press(page, 'g', 'l')
    await page.waitForSelector('#launch-name:focus')
    await page.keyboard.type(ship)
    const field = (name: string) => page.locator(`#launch-${name}`)
    await field('blueprint').selectOption({ label: 'rigged' })
    await field('preset').selectOption({ label: 'large' })
    const fields = page.getByRole('table', { name: 'Fields of the blueprint' })
    await fields.getByRole('row', { name: /env\/SAILS three/ }).waitFor()
    await field('image').fill('images.invalid/free:2')
    await page.getByText('More: limits').click()
    await field('cpu').fill('300m')
    await field('memory').fill('300Mi')
    await field('env').fill('TIDE=high\nMOON=full')
    await field('args').fill('--sail\nup')
    await field('ports').fill('web=3000')
    await field('labels').fill('harbour=north')
    await field('stopped').check()
    await fields.getByRole('row', { name: /resources\/cpu 300m/ }).waitFor()
    await page.locator('[aria-label="What it will be made of"][aria-busy=false]').waitFor()
    await clean(page, 'the form')
    await picture('launch-filled')
    await press(page, 'Control+Enter')
    await at(ship)
    const spec = JSON.parse(kubectl(['get', KIND, ship, '-n', here.namespace, '-o', 'jsonpath={.spec}']))
    expect(spec).toMatchObject({
      blueprintRef: { name: 'rigged' },
      presetsRef: 'large',
      image: 'images.invalid/free:2',
      resources: { cpu: '300m', memory: '300Mi' },
      args: ['--sail', 'up'],
      podLabels: { harbour: 'north' },
      ports: [{ containerPort: 3000, name: 'web' }],
      state: 'Stopped',
    })
    expect(spec.env).toEqual(
      expect.arrayContaining([
        { name: 'TIDE', value: 'high' },
        { name: 'MOON', value: 'full' },
      ]),
    )

    // The way up of another one, stage by stage.
    const skiff = `skiff-${round}`
    await page.locator('[data-scope=workspace]').focus()
    await press(page, 'g', 'l')
    await page.waitForSelector('#launch-name:focus')
    await page.keyboard.type(skiff)
    await field('blueprint').selectOption({ label: 'rigged' })
    await fields.getByRole('row', { name: /env\/SAILS one/ }).waitFor()
    await press(page, 'Control+Enter')
    await stage('Starting').waitFor()
    await page.getByRole('heading', { name: 'What it is', exact: true }).waitFor()

    // `g s` leads back, and from there into the page of the first one.
    await page.locator('[data-scope=workspace]').focus()
    await press(page, 'g', 's')
    await until(names, (all) => all.includes(skiff), 'the list')
    expect(url().get('ws')).toBeNull()
    await page.locator('[role=grid] [role=row]').filter({ hasText: 'desk' }).click()
    await at('desk')
    await page.locator('[data-scope=workspace]').focus()

    // Its log: the newest 5,000 lines, held still, copied, kept; the run before is another tab.
    await press(page, 'l')
    await page.getByText('desk is ready').first().waitFor()
    asked.length = 0
    write('wave', 6000)
    await page.getByText(/^5,000 lines, the newest 5,000; [\d,]+ before$/).waitFor()
    await page.getByText(/\bwave 6000$/).waitFor()
    await button('Pause').click()
    write('behind', 7)
    await page.getByText(/ before, 7 behind$/).waitFor()
    await page.getByText(/\bwave 6000$/).waitFor()
    expect(await page.getByText(/\bbehind 7$/).count()).toBe(0)
    await clean(page, 'the log')
    await picture('log-held')
    await button('Copy').click()
    const copied = await until(
      () => page.evaluate(() => navigator.clipboard.readText()),
      (text) => text.includes('wave 6000'),
      'the log in the clipboard',
    )
    const lines = copied.split('\n')
    expect(lines.length).toBe(5000)
    // the daemon may have had a word in between
    expect(lines[0]).toMatch(/ wave 10\d\d$/)
    expect(lines.slice(-9).join('\n')).toMatch(/ wave 6000$/m)
    const [download] = await Promise.all([page.waitForEvent('download'), button('Download').click()])
    expect(download.suggestedFilename()).toBe('desk.log')
    expect(readFileSync(await download.path(), 'utf8')).toBe(`${copied}\n`)
    await button('Follow').click()
    await page.getByText(/\bbehind 7$/).waitFor()
    expect(
      asked.filter((url) => url.includes('/logs')),
      'lines come by the stream that is open',
    ).toEqual([])
    await button('The run before').click()
    await page.getByText('There was no run before').waitFor()

    // An app within the page, waited for while it starts.
    await serve()
    await page.locator('[data-scope=workspace]').focus()
    await press(page, 'o')
    await button(/^Show here.*port 3000/).click()
    const ide = page.frameLocator('iframe').getByRole('heading', { name: 'The IDE is here' })
    await ide.waitFor()
    await picture('framed')
    await ended()
    const framed = page.waitForRequest(
      (request) => request.isNavigationRequest() && request.frame() !== page.mainFrame(),
    )
    await button('Load again').click()
    await framed
    await serve()
    await ide.waitFor()
    await button('Close').click()

    // The connection is lost: attempts come later and later, and then all goes on by itself.
    await page.locator('[data-scope=workspace]').focus()
    await press(page, 'd')
    await page.getByRole('heading', { name: 'What it is', exact: true }).waitFor()
    dialled.length = 0
    await here.bench.kill()
    await page.getByText('Connection lost').waitFor()
    await page.getByText('not live').waitFor()
    await picture('workspace-lost')
    await until(
      async () => dialled.length,
      (count) => count >= 3,
      'three attempts',
    )
    const [first = 0, second = 0, third = 0] = dialled
    expect(third - second).toBeGreaterThan(second - first)
    await here.bench.restart()
    await page.getByText('Connection lost').waitFor({ state: 'detached', timeout: 60_000 })
    await page.getByText('not live').waitFor({ state: 'detached', timeout: 60_000 })
    const more = JSON.stringify({ spec: { resources: { cpu: `${350 + round}m` } } })
    kubectl(['patch', KIND, 'desk', '-n', here.namespace, '--type=merge', '-p', more])
    await page
      .getByText(new RegExp(`${350 + round}m`))
      .first()
      .waitFor()
    expect(dialled.length, 'nobody reloaded the page').toBeGreaterThan(3)
  }, 240_000)
})
