import { expect, test } from 'vitest'
import { culprit, hint } from './hints'
import { logLine } from './logLine'
import { added, MOST } from './useLogs'

test('WX-12d the newest lines of a log stay, and how many went is said', () => {
  const empty = { lines: [], dropped: 0, error: null, reading: true }
  const many = Array.from({ length: MOST + 3 }, (_, at) => String(at))
  const log = added(added(empty, many), ['last'])
  expect(log.lines.length).toBe(MOST)
  expect([log.lines[0], log.lines.at(-1), log.dropped, log.reading]).toEqual(['4', 'last', 4, false])
})

test('WL-03p what can be done about a failure is said, and nothing is made up', () => {
  expect(hint('ErrImagePull')).toContain('image')
  expect(hint('QuotaExceeded')).toContain('quota')
  expect(hint('SomethingNew')).toBe('')
})

test('WL-03q the first gate that is shut says why, and what is not measured is no fault', () => {
  const one = (type: string, status: string, reason: string) => ({ type, status, reason })
  const ready = one('Ready', 'False', 'ImagePullBackOff')
  const others = [one('Exposed', 'False', 'NotExposed'), one('Reachable', 'Unknown', 'NotMeasured')]
  expect(culprit([...others, ready])).toBe('ImagePullBackOff')
  expect(culprit([...others, ready, one('Accepted', 'False', 'QuotaExceeded')])).toBe('QuotaExceeded')
  expect(culprit(others)).toBe('')
})

test('WX-12e a line is shown by its moment and its words, and as it is where it is no JSON of the daemon', () => {
  const told = '2026-11-22T00:56:57.294124970Z {"id":1,"level":"warn","component":"daemon","text":"boat is ready"}'
  expect(logLine(told)).toEqual({
    atMs: Date.UTC(2026, 10, 22, 0, 56, 57, 294),
    level: 'warn',
    component: 'daemon',
    text: 'boat is ready',
  })
  expect(logLine('{"a":1}')).toEqual({ atMs: null, level: '', component: '', text: '{"a":1}' })
  expect(logLine('plain {words')).toMatchObject({ text: 'plain {words' })
})
