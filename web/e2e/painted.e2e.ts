/** From the answer of a request to its row: what is measured of a tap in the page. */

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bench, column, start, until } from './harness'
import { keptOpen, NS, podOfServer, SERVER, tapHere } from './shop'

let bench: Bench
let page: Page

beforeAll(async () => {
  bench = await start()
})
afterAll(async () => {
  await page?.close()
  await bench?.close()
})

test('CAP-A-04 a request is painted while its connection stays open, within 500 ms of its answer', async () => {
  page = await bench.page(`?kind=deployments.apps&ns=${NS}&filter=${SERVER}`)
  const tap = await tapHere(page)
  await page.close()
  page = await bench.page(`?view=traffic&tap=${tap}&filter=where request ~ "painted-"`)
  const waits: number[] = []
  for (let round = 0; round < 5; round++) {
    const path = `/painted-${process.pid}-${round}`
    const { answeredMs, close } = await keptOpen(podOfServer(), path)
    await until(
      () => column(page, 'request'),
      (all) => all.some((text) => text.includes(path)),
      `the request ${path}`,
    )
    waits.push(Date.now() - answeredMs)
    close()
  }
  waits.sort((a, b) => a - b)
  expect(waits[2], `${waits.join(', ')} ms`).toBeLessThanOrEqual(500)
})
