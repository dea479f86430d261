/** The shop of the demo: a workload that speaks HTTP, another that talks to it all the time, and requests of our own. */

import { connect } from 'node:net'
import type { Page } from 'playwright-core'
import { press, total, until } from './harness'
import { kubectl } from './kubectl'

export const NS = 'shop'
export const SERVER = 'front'
export const PORT = 8080

/** A request on a connection that stays open: when its answer was here, and how to end the connection. */
export function keptOpen(
  host: string,
  path: string,
  more: string[] = [],
): Promise<{ answeredMs: number; close(): void }> {
  return new Promise((resolve, reject) => {
    const socket = connect(PORT, host)
    socket.once('error', reject)
    socket.once('data', () => resolve({ answeredMs: Date.now(), close: () => socket.destroy() }))
    const head = ['Host: front', 'X-Journey: one', 'x-journey: <b>two</b>', 'Connection: keep-alive', ...more]
    socket.write(`GET ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`)
  })
}

export const podOfServer = () => {
  const chosen = ['-l', `app.kubernetes.io/name=${SERVER}`, '-o', 'jsonpath={.items[0].status.podIP}']
  return kubectl(['-n', NS, 'get', 'pods', ...chosen])
}

/** Taps what stands under the cursor of a list, by keys; the tap, once it captures. `asked` looks at what is asked before. */
export async function tapHere(page: Page, asked: () => Promise<void> = async () => undefined): Promise<string> {
  await until(
    () => total(page),
    (all) => all > 0,
    'what is tapped',
  )
  await press(page, 'p')
  await page.waitForSelector('[role=dialog] button[type=submit]:focus')
  await asked()
  await press(page, 'Enter')
  await page.locator('[role=grid][aria-label=Records]').waitFor()
  await until(
    async () => (await page.locator('main header [role=status]').first().textContent()) ?? '',
    (text) => /live/.test(text),
    'the state',
  )
  return new URL(page.url()).searchParams.get('tap') ?? ''
}
