/** The journeys of the section Workspaces: launched by keyboard, watched on its way up, stopped, started, deleted. */

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, clean, column, press, until } from './harness'
import { apply, kubectl } from './kubectl'
import { HOME, KIND, SHELL, workspace, type Yard, yard } from './workspace'

const NAME = 'boat'
let here: Yard
let bench: Bench
let page: Page
let cluster = ''
let NS = ''

/** A blueprint of the namespace with a parameter of each kind of field. */
const blueprint = {
  apiVersion: 'quarterdeck.dev/v1alpha1',
  kind: 'Blueprint',
  metadata: { name: 'journey' },
  spec: {
    description: 'A plain shell',
    image: SHELL,
    resources: { memory: '256Mi' },
    storages: HOME,
    expressions: { '/resources/cpu': 'params.CPU', '/env/FLAVOUR': 'params.FLAVOUR' },
    params: [
      { name: 'CPU', type: 'size', description: 'Cores, at most', default: '200m', min: '100m', max: '1' },
      { name: 'FLAVOUR', type: 'enum', default: 'plain', options: [{ value: 'plain' }, { value: 'sweet' }] },
      { name: 'SUGAR', type: 'number', when: "params.FLAVOUR == 'sweet'", default: '1', min: '1', max: '9' },
      { name: 'LOUD', type: 'bool', default: 'false' },
      {
        name: 'TOPPING',
        type: 'enum',
        default: 'none',
        options: [{ value: 'none' }, { value: 'cream', when: "params.FLAVOUR == 'sweet'" }],
      },
    ],
  },
}

beforeAll(async () => {
  here = await yard('ws', blueprint)
  ;({ bench, cluster, namespace: NS } = here)
}, 60_000)
afterEach(async () => {
  await page?.close()
})
afterAll(() => here?.close(), 60_000)

const names = () => column(page, 'name')
const phases = () => column(page, 'phase')
const url = () => new URL(page.url()).searchParams
const open = async (search: string) => {
  page = await here.open(search)
}
const stage = (name: string) =>
  page.getByRole('list', { name: 'Stages' }).getByRole('listitem').filter({ hasText: name })

describe('AC-81a from nothing to a place to work, by keyboard alone', () => {
  test('WX-12b the empty list says how a first one is made; c opens the form, Ctrl-Enter launches; its stages pass', async () => {
    await open('')
    await page.getByRole('heading', { name: `No workspaces in ${NS}` }).waitFor()
    await clean(page, 'the empty list')
    await page.locator('[role=grid]').focus()
    await press(page, 'c')
    await page.waitForSelector('#launch-name:focus')
    await page.keyboard.type(NAME)
    const fields = page.getByRole('table', { name: 'Fields of the blueprint' })
    await page.getByLabel('Blueprint').selectOption({ label: 'journey' })
    await fields.getByRole('row', { name: /resources\/cpu 200m/ }).waitFor()
    await clean(page, 'the form')

    // Out of bounds: the problem stands under the field, and nothing is launched.
    await page.getByLabel('CPU', { exact: true }).focus()
    await page.keyboard.type('7')
    await page.locator('#param-CPU-said [role=alert]').filter({ hasText: 'at most 1' }).waitFor()
    await press(page, 'Control+Enter')
    expect(url().get('launch')).toBe('1')
    await page.getByLabel('CPU', { exact: true }).fill('300m')
    await fields.getByRole('row', { name: /resources\/cpu 300m/ }).waitFor()

    // A parameter with a condition is asked once that holds.
    expect(await page.getByLabel('SUGAR').count()).toBe(0)
    await page.getByLabel('FLAVOUR').focus()
    await page.keyboard.type('sw')
    await page.getByLabel('SUGAR').waitFor()
    await fields.getByRole('row', { name: /env\/FLAVOUR sweet/ }).waitFor()
    await press(page, 'Control+Enter')

    // The way up, which turns into the overview by itself.
    await stage('Starting').waitFor()
    await clean(page, 'the way up')
    await page.getByRole('heading', { name: 'What it is', exact: true }).waitFor()
    await until(
      async () => url().get('ws') ?? '',
      (place) => place.endsWith(`/${NS}/${NAME}`),
      'the page of the workspace',
    )
    const spec = JSON.parse(kubectl(['get', KIND, NAME, '-n', NS, '-o', 'jsonpath={.spec}']))
    expect(spec.params).toEqual({ CPU: '300m', FLAVOUR: 'sweet' })
    expect(spec.blueprintRef.name).toBe('journey')
  })

  test('WB-06i its page says what it took, and leads from a line to the entries of the journal that it is of', async () => {
    await open(`&ws=${cluster}/${NS}/${NAME}`)
    await page.getByText(/^It took \d+\.\d\d hours of a processor/).waitFor()
    const evidence = page.getByRole('button', { name: 'Evidence of its state' })
    await evidence.focus()
    await press(page, 'Enter')
    const entries = page.getByRole('list', { name: 'Entries of the journal' })
    await entries
      .getByText(/workspace:create allow/)
      .first()
      .waitFor()
    await clean(page, 'the evidence')
    await page.screenshot({ path: process.env.QD_SHOT ?? '/dev/null', type: 'png' })
    await press(page, 'Enter')
    expect(await entries.count()).toBe(0)
  })

  test('WB-01p its page says what it is, what it has, and who set each field', async () => {
    await open(`&ws=${cluster}/${NS}/${NAME}`)
    await page.getByText('pvc-').first().waitFor()
    await page.getByRole('button', { name: 'Show every field and who set it' }).click()
    await page.getByRole('row', { name: /resources\/cpu 300m/ }).waitFor()
    await clean(page, 'the overview')
    // What is changed elsewhere is on the page at once.
    const more = JSON.stringify({ spec: { resources: { cpu: '400m' } } })
    kubectl(['patch', KIND, NAME, '-n', NS, '--type=merge', '-p', more])
    await page.getByText(/^400m/).first().waitFor()
    await press(page, 'l')
    await page.getByText(`${NAME} is ready`).waitFor()
    await clean(page, 'the log')
    await press(page, 'v')
    await page
      .getByText(/^Started Normal/)
      .first()
      .waitFor()
    await clean(page, 'the events')
    await press(page, 'o')
    await page.getByRole('heading', { name: 'Ports that somebody listens on' }).waitFor()
    await clean(page, 'apps and ports')
  })
})

describe('BC-09 what it is made from', () => {
  test('the file of a repository may say it; where that cannot be, another blueprint is one press away', async () => {
    await open('&launch=1')
    await page.getByLabel('Name', { exact: true }).fill('tied')
    await page.getByLabel('Repository').fill('https://127.0.0.1/org/proj')
    await page.getByLabel('Blueprint', { exact: true }).selectOption({ label: 'what the file of the repository says' })
    const made = page.getByRole('region', { name: 'What it will be made of' })
    await made.getByText('■').first().waitFor()
    const instead = made.getByRole('button', { name: 'Start with default instead' })
    await instead.waitFor()
    await clean(page, 'a file that is none')
    await instead.focus()
    await press(page, 'Enter')
    const fields = page.getByRole('table', { name: 'Fields of the blueprint' })
    await fields
      .getByRole('row', { name: /image / })
      .first()
      .waitFor()
    expect(await instead.count()).toBe(0)
    await press(page, 'Control+Enter')
    await until(
      async () => url().get('ws') ?? '',
      (place) => place.endsWith(`/${NS}/tied`),
      'the page of the workspace',
    )
    const spec = JSON.parse(kubectl(['get', KIND, 'tied', '-n', NS, '-o', 'jsonpath={.spec}']))
    expect(spec.blueprintRef.name).toBe('default')
    expect(spec.source.repo.host).toBe('127.0.0.1')
    kubectl(['delete', KIND, 'tied', '-n', NS, '--wait=false'])
  })
})

describe('what is asked', () => {
  test('WB-03s options depend on what was chosen before, and dotfiles are remembered', async () => {
    await open('&launch=1')
    await page.getByLabel('Name', { exact: true }).fill('cake')
    await page.getByLabel('Blueprint', { exact: true }).selectOption({ label: 'journey' })
    const topping = page.getByLabel('TOPPING')
    const offered = () => topping.locator('option').allTextContents()
    await until(offered, (all) => all.join() === 'none', 'what a plain one has')
    await page.getByLabel('FLAVOUR').selectOption({ label: 'sweet' })
    await until(offered, (all) => all.join() === 'none,cream', 'what a sweet one has')
    await topping.selectOption({ label: 'cream' })
    await page.getByLabel('FLAVOUR').selectOption({ label: 'plain' })
    await until(offered, (all) => all.join() === 'cream ▲,none', 'what is not there any more')
    await page.getByText('is one of none, not cream').first().waitFor()
    await page.getByLabel('FLAVOUR').selectOption({ label: 'sweet' })
    await until(offered, (all) => all.join() === 'none,cream', 'what a sweet one has')

    await page.getByText('More: limits').click()
    const dotfiles = page.getByLabel('Dotfiles')
    await dotfiles.fill('http://git.example/dots')
    await page.getByText('a repository of dotfiles is https://host/path').first().waitFor()
    await dotfiles.fill('~/dots')
    await page.locator('#launch-stopped').check()
    await page.locator('[aria-label="What it will be made of"][aria-busy=false]').waitFor()
    await page.getByText('personal').first().waitFor()
    await clean(page, 'the form')
    await press(page, 'Control+Enter')
    await until(
      async () => url().get('ws') ?? '',
      (place) => place.endsWith(`/${NS}/cake`),
      'the page of the workspace',
    )
    const spec = JSON.parse(kubectl(['get', KIND, 'cake', '-n', NS, '-o', 'jsonpath={.spec}']))
    expect(spec).toMatchObject({ dotfiles: { folder: '~/dots' }, params: { FLAVOUR: 'sweet', TOPPING: 'cream' } })
    kubectl(['delete', KIND, 'cake', '-n', NS, '--wait=false'])
    await page.goto(page.url().replace(/([?&])ws=[^&]*/, '$1launch=1'))
    await until(
      () => page.locator('#launch-dotfiles').inputValue(),
      (value) => value === '~/dots',
      'what was remembered',
    )
  })
})

describe('WX-12c the list', () => {
  test('AC-81b a workspace made elsewhere appears, and one that fails says why', async () => {
    page = await bench.page(`?view=workspaces&ns=${NS}`)
    await until(names, (all) => all.includes(NAME), 'the first workspace')
    apply([workspace(NS, 'sunk', 'images.invalid/none:1')])
    await until(names, (all) => all.includes('sunk'), 'the new row')
    await until(phases, (all) => all.some((phase) => phase.includes('Failed')), 'the failure')
    await clean(page, 'the list')
    await page.locator('[role=grid] [role=row]').filter({ hasText: 'sunk' }).click()
    const why = page.getByRole('region', { name: 'Why it failed' })
    await why.getByText(/^(ErrImagePull|ImagePullBackOff)$/).waitFor()
    await page.getByText('The node cannot get the image').waitFor()
    await clean(page, 'the failure')
  })
})

describe('WL-08q what is done to it', () => {
  test('AC-81c x asks and stops it, s starts it again, its volume stays; Delete deletes', async () => {
    await open(`&ws=${cluster}/${NS}/${NAME}`)
    await page.getByRole('heading', { name: 'What it is', exact: true }).waitFor()
    const claim = () => kubectl(['get', 'pvc', '-n', NS, '-o', 'jsonpath={.items[*].metadata.uid}'])
    const before = claim()
    await press(page, 'x')
    await page.getByText('the volumes stay').waitFor()
    await page.waitForSelector('[role=dialog] button[type=submit]:focus')
    await clean(page, 'the dialog')
    await press(page, 'Enter')
    await page.locator('main header').getByText('Stopped').waitFor()
    await page.waitForSelector('[role=dialog]', { state: 'detached' })
    await page.locator('[data-scope=workspace]').focus()
    await press(page, 's')
    await page.waitForSelector('[role=dialog] button[type=submit]:focus')
    await press(page, 'Enter')
    await page.locator('main header').getByText('Running').waitFor()
    expect(claim()).toBe(before)
    await page.waitForSelector('[role=dialog]', { state: 'detached' })
    await page.locator('[data-scope=workspace]').focus()
    await press(page, 'Delete')
    await page.waitForSelector('[role=dialog] button[type=submit]:focus')
    await press(page, 'Enter')
    await page.getByRole('heading', { name: `There is no workspace ${NAME}` }).waitFor()
    expect(claim(), 'its volume stays').toBe(before)
  })
})
