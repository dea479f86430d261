import { expect, test } from 'vitest'
import { line } from '../../../wire/audit'
import { between, newest, took } from './uses'

const use = (door: string, from: number, to: number) => ({
  door,
  from_ms: from * 60_000,
  to_ms: to * 60_000,
  detail: '',
  audit: '',
})

test('WB-06c times of use are told newest first, with how long they were, and not all of a long day', () => {
  const day = Array.from({ length: 20 }, (_, at) => use('http', at * 10, at * 10 + 3))
  const shown = newest(day)
  expect(shown.length).toBe(8)
  expect(shown[0]).toEqual(use('http', 190, 193))
  expect(between(use('terminal', 0, 49))).toMatch(/^\d\d:\d\d – \d\d:\d\d, 49 min$/)
  expect(between(use('terminal', 5, 5))).toContain(', 1 min')
})

test('WB-06f what it took is said in hours, with a price where there is one', () => {
  const cost = { since_ms: 0, cpu_milli_hours: 2250, memory_mib_hours: 4608, amount: null }
  expect(took(cost)).toMatch(
    /^It took 2\.25 hours of a processor and 4\.50 of a GiB since \d{4}-\d\d-\d\d \d\d:\d\d\.$/,
  )
  expect(took({ ...cost, amount: '0.11 EUR' })).toContain(': 0.11 EUR.')
})

test('WB-06g an entry of the journal is a line, and what is none is not shown', () => {
  const anchors = [
    { tag: 'principal', value: 'desk:ada' },
    { tag: 'action', value: 'workspace:stop' },
  ]
  const entry = { writer: 'w', seq: 7, at_ms: 5, summary: 'workspace:stop allow: a', anchors }
  expect(line(entry)).toEqual({
    key: 'w 7',
    at_ms: 5,
    who: 'desk:ada',
    action: 'workspace:stop',
    what: 'workspace:stop allow: a',
  })
  expect([line(null), line('x'), line({ seq: 1 })]).toEqual([null, null, null])
})
