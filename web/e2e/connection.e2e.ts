import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page, WebSocket } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Bench, column, press, start, total, until } from './harness'
import { apply, kubectl, scene } from './kubectl'
import { temporary } from './temporary'

const NS = `console-link-${process.pid}`
const VIEW = `?kind=pods&ns=${NS}`
let stage: { remove(): void }
const open: Bench[] = []
const begin = async (options: Parameters<typeof start>[0]) => {
  const bench = await start(options)
  open.push(bench)
  return bench
}

beforeAll(() => {
  stage = scene(NS)
})
afterEach(async () => {
  for (const bench of open.splice(0)) await bench.close()
})
afterAll(() => stage?.remove())

describe('EXD-16 the tab and its socket', () => {
  test('EXD-16 one socket per tab, through views, filters and panes', async () => {
    const bench = await begin({ args: [] })
    const page = await bench.context.newPage()
    const sockets: WebSocket[] = []
    page.on('websocket', (socket) => sockets.push(socket))
    await page.goto(`${bench.origin}/${VIEW}`)
    await page.waitForSelector('[role=grid][data-ready=true]')
    await press(page, 'Enter', 'y', 'v', 'Escape', '/')
    await page.keyboard.type('boat')
    await press(page, 'Enter', ':')
    await page.keyboard.type('nodes')
    await press(page, 'Enter')
    await page.waitForSelector('[data-column=version]')
    expect(sockets.length).toBe(1)
  })
})

describe('EXF-26b a lost server', () => {
  test('EXF-26b rows stay, greyed, with the moment; acts say why not; the tab comes back by itself', async () => {
    const bench = await begin({ args: [] })
    const page = await bench.page(`${VIEW}&sort=name`)
    await until(
      () => column(page, 'name'),
      (names) => names.includes('boat-3'),
      'rows',
    )
    await bench.kill()
    await page.getByText('Connection lost').waitFor()
    await page.getByText(/stale since \d\d:\d\d:\d\d/).waitFor()
    expect(await column(page, 'name')).toContain('boat-3')
    expect(await page.locator('#row-0').getAttribute('class')).toContain('old')
    await press(page, 'Delete')
    expect(await page.locator('[role=dialog]').count()).toBe(0)
    await page.getByRole('button', { name: /connection to the server is lost/ }).waitFor()
    await bench.restart()
    await press(page, 'Control+Enter')
    await page.getByRole('button', { name: 'Reconnect' }).waitFor({ state: 'detached' })
    apply([
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'boat-9', namespace: NS },
        spec: { nodeSelector: { harbour: 'nowhere' }, containers: [{ name: 'main', image: 'images.invalid/none:1' }] },
      },
    ])
    await until(
      () => column(page, 'name'),
      (names) => names.includes('boat-9'),
      'live again',
    )
  })
})

describe('EX-09a rights', () => {
  test('EXF-04 a denied kind says which right is missing and who grants it; the allowed namespace shows', async () => {
    apply([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deckhand', namespace: NS } },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'deckhand', namespace: NS },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'deckhand', namespace: NS },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'deckhand' },
        subjects: [{ kind: 'ServiceAccount', name: 'deckhand', namespace: NS }],
      },
    ])
    const bench = await begin({ kubeconfig: kubeconfigFor(kubectl(['-n', NS, 'create', 'token', 'deckhand'])) })
    const page: Page = await bench.context.newPage()
    await page.goto(`${bench.origin}/?kind=services&ns=${NS}`)
    await page.getByRole('heading', { name: /Access denied/ }).waitFor()
    expect(await page.locator('main').textContent()).toMatch(/may not\s*(list|watch)\s*services/)
    await page.goto(`${bench.origin}/${VIEW}`)
    await until(
      () => column(page, 'name'),
      (names) => names.includes('boat-3'),
      'the allowed rows',
    )
  })
})

test('EX-04b no kubeconfig: the console starts and says how to give it one', async () => {
  const nowhere = join(temporary('console-none-'), 'config')
  const bench = await start({ kubeconfig: nowhere }).catch((error: Error) => error)
  if (bench instanceof Error) throw bench
  open.push(bench)
  const page = await bench.context.newPage()
  await page.goto(bench.origin)
  await page.getByRole('heading', { name: /kubeconfig/i }).waitFor()
  expect(await page.locator('main').textContent()).toContain('KUBECONFIG')
})

test('EX-04c a path that is typed, and a kubeconfig that is pasted, are there without a restart', async () => {
  const folder = temporary('console-none-')
  const bench = await start({ kubeconfig: join(folder, 'config') })
  open.push(bench)
  const page = await bench.context.newPage()
  await page.goto(`${bench.origin}/?kind=namespaces`)
  await page.waitForSelector('textarea:focus')
  await page.keyboard.type(join(folder, 'nothing'))
  await press(page, 'Enter')
  await page.getByRole('alert').getByText('kubeconfig_invalid').waitFor()
  const kubeconfig = process.env['QD_E2E_KUBECONFIG'] ?? ''
  await page.locator('textarea').fill(kubeconfig)
  await press(page, 'Enter')
  await until(
    () => column(page, 'name'),
    (names) => names.includes('kube-system'),
    'namespaces of the cluster that was chosen',
  )
  // Another one beside it: what is pasted may not start programs.
  const config = JSON.parse(kubectl(['config', 'view', '--raw', '-o', 'json'])) as {
    contexts: Array<{ name: string }>
    users: Array<{ user: object }>
  }
  for (const context of config.contexts) context.name = 'pasted'
  const harmful = { ...config, users: config.users.map((user) => ({ ...user, user: { exec: { command: 'touch' } } })) }
  await press(page, 'Shift+K')
  await page.waitForSelector('[role=dialog] textarea:focus')
  await page.locator('[role=dialog] textarea').fill(JSON.stringify(harmful, null, 1))
  await press(page, 'Control+Enter')
  await page.getByRole('alert').getByText('needs programs or files').waitFor()
  await page.locator('[role=dialog] textarea').fill(JSON.stringify(config, null, 1))
  await press(page, 'Control+Enter')
  await page.getByRole('button', { name: /^pasted, / }).waitFor()
  await until(
    () => column(page, 'name'),
    (names) => names.includes('kube-system'),
    'namespaces of the cluster that was pasted',
  )
  expect(new URL(page.url()).searchParams.get('cluster')).toBe('pasted')
})

test('EX-80a --read-only offers no acts and says why', async () => {
  const bench = await begin({ args: ['--read-only'] })
  const page = await bench.page(`?kind=deployments.apps&ns=${NS}`)
  await until(
    () => total(page),
    (count) => count > 0,
    'rows',
  )
  await page.click('#row-0', { button: 'right' })
  await page.getByRole('menuitem', { name: 'Copy name' }).waitFor()
  expect(await page.getByRole('menuitem', { name: /Delete|Scale|Restart/ }).count()).toBe(0)
  await press(page, 'Escape', '?')
  await page.getByText('this console was started with --read-only').first().waitFor()
})

/** A kubeconfig like the one of this run, with a token in place of its user. */
function kubeconfigFor(token: string): string {
  const config = JSON.parse(kubectl(['config', 'view', '--raw', '-o', 'json'])) as {
    users: Array<{ user: object }>
    contexts: Array<{ context: { namespace?: string } }>
  }
  for (const user of config.users) user.user = { token }
  for (const { context } of config.contexts) context.namespace = NS
  const path = join(temporary('console-kube-'), 'config')
  writeFileSync(path, JSON.stringify(config))
  return path
}
