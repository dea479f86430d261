import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audited, auditMark } from './direct'
import { type Bench, start, total, until } from './harness'
import { kubectl, scene } from './kubectl'

const NS = `console-idle-${process.pid}`
const VIEW = `?kind=pods&ns=${NS}&sort=name`
/** Longer than any list is asked for anew by a console that polls; the soak waits for five minutes. */
const IDLE = Number(process.env['QD_E2E_IDLE_SECONDS'] ?? 40)
/** Whoever the console acts as: other consoles on the cluster are not idle. */
const WHO = `idler-${process.pid}`
const folder = mkdtempSync(join(tmpdir(), 'qd-idle-'))
let bench: Bench
let page: Page
let begun = 0
let stage: { remove(): void }

beforeAll(async () => {
  stage = scene(NS)
  begun = auditMark()
  bench = await start({ kubeconfig: acting() })
})
afterAll(async () => {
  await page?.close()
  stage?.remove()
  await bench?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('EXD-01 pushed, never polled', () => {
  test('EXD-01 an idle tab makes nobody list anything', { timeout: (IDLE + 90) * 1000 }, async () => {
    page = await bench.page(VIEW)
    await until(
      () => total(page),
      (count) => count > 0,
      'rows',
    )
    await page.waitForLoadState('networkidle')
    await page.waitForTimeout(3000)
    const mark = auditMark()
    expect(
      asks(begun).some(({ verb }) => verb === 'watch'),
      'the log tells of our watches',
    ).toBe(true)
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    page.on('websocket', () => asked.push('a new socket'))
    await page.waitForTimeout(IDLE * 1000)
    expect(asked).toEqual([])
    // a watch that says nothing may be asked whether its server lives; nothing is listed or read anew
    const upstream = asks(mark).filter(({ verb, requestURI }) => verb !== 'watch' && requestURI !== '/version')
    expect(upstream.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([])
  })
})

const asks = (mark: number) => audited(mark).filter(({ impersonatedUser }) => impersonatedUser?.username === WHO)

/** The kubeconfig of this run, by which one acts as somebody who may do everything. */
function acting(): string {
  const config = JSON.parse(kubectl(['config', 'view', '--raw', '--flatten', '-o', 'json']))
  Object.assign(config.users[0].user, { as: WHO, 'as-groups': ['system:masters'] })
  const path = join(folder, 'config')
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return path
}
