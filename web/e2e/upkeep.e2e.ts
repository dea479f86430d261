/** Journeys of those who keep workspaces: one that is about to be stopped stays, what was done is looked up, what was left is deleted, a
 * repository is named. */

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { clean, press, until } from './harness'
import { apply, kubectl } from './kubectl'
import { HOME, KIND, ready, SHELL, workspace, type Yard, yard } from './workspace'

let here: Yard
let page: Page
let cluster = ''
let NS = ''

/** A shell with a home of its own, without anything to ask. */
const blueprint = {
  apiVersion: 'quarterdeck.dev/v1alpha1',
  kind: 'Blueprint',
  metadata: { name: 'plain' },
  spec: {
    image: SHELL,
    storages: HOME,
  },
}
const of = (name: string, more: object) => {
  const { spec, ...object } = workspace(NS, name)
  return { ...object, spec: { ...spec, ...more } }
}

beforeAll(async () => {
  here = await yard('upkeep', blueprint)
  ;({ cluster, namespace: NS } = here)
  apply([
    of('kept', { lifecycle: { idleTimeout: '110s', idleWarning: '100s' } }),
    of('wreck', { image: null, blueprintRef: { kind: 'Blueprint', name: 'plain' } }),
  ])
  ready(NS, 'kept')
  ready(NS, 'wreck')
}, 110_000)
afterEach(async () => {
  await page?.close()
})
afterAll(() => here?.close(), 60_000)

const open = async (search: string) => {
  page = await here.open(search)
}
const claims = () => kubectl(['get', 'pvc', '-n', NS, '-l', 'quarterdeck.dev/workspace=wreck', '-o', 'name'])

describe('what is kept', () => {
  test('WB-05n nobody uses it: its page says when it is stopped, and k keeps it', async () => {
    await open(`&ws=${cluster}/${NS}/kept`)
    const warning = page.getByText('Nobody uses it: it will be stopped')
    await warning.waitFor({ timeout: 90_000 })
    await page.getByRole('button', { name: /^Stay/ }).waitFor()
    await clean(page, 'the warning')
    await page.locator('[data-scope=workspace]').focus()
    await press(page, 'k')
    await page
      .getByText(/kept stays until/)
      .first()
      .waitFor()
    await warning.waitFor({ state: 'detached', timeout: 90_000 })
    const phase = () => kubectl(['get', KIND, 'kept', '-n', NS, '-o', 'jsonpath={.status.phase} {.spec.state}'])
    expect(phase()).toMatch(/^Running/)
  })
})

describe('what was done', () => {
  test('AR-09c jobs stand in a list with how they went, and lead to their workspace', async () => {
    await open(`&ws=${cluster}/${NS}/kept`)
    await page.getByRole('heading', { name: 'What it is', exact: true }).waitFor()
    await page.locator('[data-scope=workspace]').focus()
    await press(page, 'x')
    await page.waitForSelector('[role=dialog] button[type=submit]:focus')
    await press(page, 'Enter')
    await page.locator('main header').getByText('Stopped').waitFor({ timeout: 60_000 })
    await page.waitForSelector('[role=dialog]', { state: 'detached' })
    await page.close()
    await open('&jobs=1')
    const row = page
      .getByRole('region', { name: 'Jobs' })
      .getByRole('row')
      .filter({ hasText: `${NS}/kept` })
      .first()
    await row.getByText('stop', { exact: true }).waitFor()
    const again = page.getByRole('button', { name: 'Look again' })
    await until(
      async () => {
        await again.click()
        return (await row.textContent()) ?? ''
      },
      (text) => text.includes('succeeded'),
      'the job is over',
    )
    await clean(page, 'the jobs')
    await row.getByRole('button', { name: `${NS}/kept` }).click()
    await page.locator('main header').getByText('Stopped').waitFor()
  })
})

describe('what is left', () => {
  test('WL-08r the volumes of a deleted workspace are named, and go once its name is typed', async () => {
    expect(claims()).not.toBe('')
    kubectl(['delete', KIND, 'wreck', '-n', NS, '--timeout=60s', '--ignore-not-found'])
    expect(claims(), 'its volume stays').not.toBe('')
    await open(`&ws=${cluster}/${NS}/wreck`)
    await page.getByRole('heading', { name: 'There is no workspace wreck' }).waitFor()
    await page.getByRole('button', { name: 'Delete them for good…' }).click()
    await page.locator('[role=dialog] [data-need]').first().focus()
    await clean(page, 'the question')
    await page.keyboard.type('wrec')
    await press(page, 'Enter')
    expect(claims(), 'another name deletes nothing').not.toBe('')
    await page.keyboard.type('k')
    await press(page, 'Enter')
    await page.getByText('what wreck left is being deleted').first().waitFor()
    await until(
      async () => claims(),
      (left) => left === '',
      'the claim goes',
    )
  })
})

describe('what is named', () => {
  test('WL-01g an address that names no repository is refused under its field; a good one names the workspace', async () => {
    await open('&launch=1&blueprint=plain')
    const repository = page.locator('#launch-repository')
    await repository.fill('https://git.example.org/')
    await press(page, 'Control+Enter')
    await page
      .locator('#launch-repository-said [role=alert]')
      .filter({ hasText: 'no address of a repository' })
      .waitFor()
    // what it will be made of is dimmed until it is that of the fields
    await page.locator('[aria-label="What it will be made of"][aria-busy=false]').waitFor()
    await clean(page, 'the refusal')
    expect(new URL(page.url()).searchParams.get('launch')).toBe('1')
    const tools = `tools-${Date.now().toString(36)}`
    await repository.fill(`https://git.example.org/lab/${tools}#main`)
    await press(page, 'Control+Enter')
    const place = await until(
      async () => new URL(page.url()).searchParams.get('ws') ?? '',
      (ws) => ws.includes(`/${NS}/`),
      'the page of the workspace',
    )
    const name = place.split('/').at(-1) ?? ''
    const repo = JSON.parse(kubectl(['get', KIND, name, '-n', NS, '-o', 'jsonpath={.spec.source.repo}']))
    expect(repo).toMatchObject({ host: 'git.example.org', owner: 'lab', name: tools, ref: 'main' })
  })
})
