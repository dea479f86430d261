import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Door } from './door'
import { type Bench, column, start, until } from './harness'
import { kubectl, scene } from './kubectl'

const NS = `console-faults-${process.pid}`
const NAMES = ['stay-1', 'stay-2', 'stay-3']
let stage: { remove(): void }
let line: Line
let bench: Bench

/** A line to the API server that can be cut: TLS goes through it untouched. */
class Line {
  readonly folder = mkdtempSync(join(tmpdir(), 'qd-line-'))
  readonly kubeconfig = join(this.folder, 'kubeconfig')
  #server: Server | null = null
  #open = new Set<Socket>()
  #port = 0
  #to: URL

  constructor() {
    const config = JSON.parse(kubectl(['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json']))
    const cluster = config.clusters[0].cluster
    this.#to = new URL(cluster.server)
    cluster['tls-server-name'] ??= this.#to.hostname
    writeFileSync(this.kubeconfig, JSON.stringify(config))
  }

  async up(): Promise<void> {
    this.#server = createServer((near) => {
      const far = connect(Number(this.#to.port || 443), this.#to.hostname)
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#open.add(one)
        one.pipe(other)
        one.on('error', () => other.destroy())
        one.on('close', () => {
          this.#open.delete(one)
          other.destroy()
        })
      }
    })
    await new Promise<void>((done) => this.#server?.listen(this.#port, '127.0.0.1', done))
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    this.#port = address.port
    const config = JSON.parse(readFileSync(this.kubeconfig, 'utf8'))
    config.clusters[0].cluster.server = `https://127.0.0.1:${this.#port}`
    writeFileSync(this.kubeconfig, JSON.stringify(config))
  }

  /** The server is killed: what is open breaks, and nobody answers. */
  async down(): Promise<void> {
    const closed = new Promise((done) => this.#server?.close(done))
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  async remove(): Promise<void> {
    await this.down()
    rmSync(this.folder, { recursive: true })
  }
}

beforeAll(async () => {
  stage = scene(NS)
  for (const name of NAMES) kubectl(['create', 'configmap', name, '-n', NS, '--from-literal=a=b'])
  line = new Line()
  await line.up()
  bench = await start({ kubeconfig: line.kubeconfig })
})
afterAll(async () => {
  await bench?.close()
  await line?.remove()
  stage?.remove()
})

/** Looks at every frame that the browser paints, and keeps the names that were missing in one. */
async function watch(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate((names) => {
    const seen = { missing: [] as string[], frames: 0 }
    Object.assign(globalThis, { seen })
    const look = () => {
      const text = [...document.querySelectorAll('[role=row]:not([hidden])')].map((row) => row.textContent).join('\n')
      seen.missing.push(...names.filter((name) => !text.includes(name)))
      seen.frames += 1
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  }, NAMES)
  return () =>
    page.evaluate(() => {
      const { seen } = globalThis as unknown as { seen: { missing: string[]; frames: number } }
      return seen.frames === 0 ? ['no frame was painted'] : [...new Set(seen.missing)]
    })
}

test('EXF-01 EXF-05e no painted frame lacks a row while the API server is killed and comes back', async () => {
  const page = await bench.page(`?kind=configmaps&ns=${NS}&sort=name`)
  await until(
    () => column(page, 'name'),
    (names) => NAMES.every((name) => names.includes(name)),
    'rows',
  )
  const missing = await watch(page)
  for (const round of ['first', 'second']) {
    await line.down()
    await page.getByText(/stale since .*cluster_unreachable/).waitFor()
    expect(await page.locator('#row-0').getAttribute('class')).toContain('old')
    kubectl(['create', 'configmap', `${round}-later`, '-n', NS])
    await line.up()
    await until(
      () => column(page, 'name'),
      (names) => names.includes(`${round}-later`),
      `${round}: live again`,
    )
    await page.getByText(/stale since/).waitFor({ state: 'detached' })
  }
  expect(await missing()).toEqual([])
})

test('EXF-05e EXF-08d a gap and an object read in part are marked, and each says what it means', async () => {
  const door = await Door.open()
  const at = await start({ kubeconfig: door.kubeconfig })
  try {
    kubectl(['create', 'secret', 'generic', 'broken', '-n', NS, '--type', 'damage-the-type', '--from-literal=a=b'])
    kubectl(['create', 'secret', 'generic', 'whole', '-n', NS, '--from-literal=a=b'])
    const page = await at.page(`?kind=secrets&ns=${NS}&sort=name`)
    await until(
      () => column(page, 'name'),
      (names) => names.includes('broken') && names.includes('whole'),
      'rows',
    )
    expect(await page.getByText(/gap \d\d:/).count()).toBe(0)
    expect(await page.getByRole('img', { name: /read only in part/ }).count()).toBe(0)

    door.faults.push({ marks: ['/secrets?', '&resourceVersion='], gone: true })
    door.faults.push({ marks: ['/secrets?', 'sendInitialEvents'], damage: { text: 'damage-the-type', byte: 0x1f } })
    door.sever()
    const gap = page.getByRole('button', { name: /gap \d\d:\d\d:\d\d–\d\d:\d\d:\d\d/ })
    await gap.waitFor()
    expect(await gap.getAttribute('title')).toContain('history_gap')
    const sign = page.getByRole('img', { name: /read only in part: .*cannot be read/ })
    await sign.waitFor()
    expect(await sign.count()).toBe(1)
    expect(await sign.locator('xpath=../..').textContent()).toContain('broken')
    await page.getByText('1 read in part').waitFor()
    if (process.env['QD_E2E_SHOTS'] !== undefined) await page.screenshot({ path: process.env['QD_E2E_SHOTS'] })

    await gap.click()
    await gap.waitFor({ state: 'detached' })
    door.sever()
    kubectl(['label', 'secret', 'broken', '-n', NS, 'a=b'])
    await sign.waitFor({ state: 'detached' })
    expect(await page.getByText('read in part').count()).toBe(0)
  } finally {
    await at.close()
    await door.close()
  }
})

test('EXF-06d a server that asks for a long rest is named in a banner, and the rows stay', async () => {
  const door = await Door.open()
  const at = await start({ kubeconfig: door.kubeconfig })
  try {
    const page = await at.page(`?kind=configmaps&ns=${NS}&sort=name`)
    await until(
      () => column(page, 'name'),
      (names) => NAMES.every((name) => names.includes(name)),
      'rows',
    )
    const missing = await watch(page)
    door.faults.push({ marks: ['/configmaps?', '&resourceVersion='], busy: 12 })
    door.sever()
    const banner = page.getByText('door asks to slow down for 12 s')
    await banner.waitFor()
    await banner.waitFor({ state: 'detached' })
    expect(await missing()).toEqual([])
  } finally {
    await at.close()
    await door.close()
  }
})

test('EX-09b what rights forbid is shown with the reason, and the denied state names the command that grants it', async () => {
  const user = `eve-${process.pid}`
  kubectl(['create', 'rolebinding', 'eve', '-n', NS, '--clusterrole=view', `--user=${user}`])
  const door = await Door.open({ as: user, namespace: NS })
  const at = await start({ kubeconfig: door.kubeconfig })
  try {
    const page = await at.page(`?kind=configmaps&ns=${NS}&sort=name`)
    await until(
      () => column(page, 'name'),
      (names) => names.includes('stay-1'),
      'rows',
    )
    await page.locator('#row-0').click()
    await page.keyboard.press('Enter')
    const remove = page.getByRole('button', { name: 'Delete…' })
    await until(
      async () => (await remove.getAttribute('title')) ?? '',
      (title) => title.includes(`you may not delete configmaps in namespace ${NS}`),
      'the reason',
    )
    expect(await remove.isDisabled()).toBe(true)

    await page.goto(`${at.origin}/?kind=nodes`)
    await page.getByText('Access denied').waitFor()
    const grant = await page.locator('pre').first().textContent()
    expect(grant).toContain('kubectl create clusterrole read-nodes --verb=get,list,watch --resource=nodes')
    expect(grant).toContain(`--user=${user}`)
    await page.getByRole('button', { name: 'Nodes denied', exact: true }).waitFor()
    if (process.env['QD_E2E_SHOTS'] !== undefined) await page.screenshot({ path: process.env['QD_E2E_SHOTS'] })
  } finally {
    await at.close()
    await door.close()
  }
})
