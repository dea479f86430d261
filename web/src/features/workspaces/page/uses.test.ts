import { expect, test } from 'vitest'
import { between, newest } from './uses'

const use = (door: string, from: number, to: number) => ({ door, from_ms: from * 60_000, to_ms: to * 60_000 })

test('WB-06c times of use are told newest first, with how long they were, and not all of a long day', () => {
  const day = Array.from({ length: 20 }, (_, at) => use('http', at * 10, at * 10 + 3))
  const shown = newest(day)
  expect(shown.length).toBe(8)
  expect(shown[0]).toEqual(use('http', 190, 193))
  expect(between(use('terminal', 0, 49))).toMatch(/^\d\d:\d\d – \d\d:\d\d, 49 min$/)
  expect(between(use('terminal', 5, 5))).toContain(', 1 min')
})
