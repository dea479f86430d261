import { expect, test } from 'vitest'
import type { TapHistogram } from '../../wire/api'
import { change, pairs, plot, scaleOf } from './histogram'

test('CAP-N-17a all lines share one axis of whole powers of ten', () => {
  expect(
    scaleOf([
      { buckets: [[340, 2]] },
      {
        buckets: [
          [12_000, 1],
          [99_999, 1],
        ],
      },
    ]),
  ).toEqual({ from: 100, to: 100_000, linear: false })
  expect(scaleOf([])).toEqual({ from: 1, to: 10, linear: false })
})

test('CAP-N-17b a bucket stands at its logarithm, as high as its share of the highest', () => {
  const scale = { from: 1, to: 10_000, linear: false }
  expect(
    plot(
      [
        [1, 4],
        [100, 2],
      ],
      scale,
      400,
      18,
    ),
  ).toBe('M0 17V1H5.1V17M200 17V9H205.1V17')
  expect(plot([], scale, 400, 18)).toBe('')
  expect(plot([[100, 0]], scale, 400, 18)).toBe('')
})

test('CAP-N-17d on a linear axis a bucket stands at its length, and the axis ends at a round number', () => {
  const scale = scaleOf([{ buckets: [[1_200, 3]] }], true)
  expect(scale).toEqual({ from: 0, to: 2_000, linear: true })
  expect(plot([[1_000, 4]], scale, 400, 18)).toBe('M200 17V1H225V17')
})

test('CAP-N-17e two ranges: each route once, with what it was before', () => {
  const group = (what: string, p95: number): TapHistogram => ({
    kind: 'http',
    what,
    count: 1,
    errors: 0,
    us: { p50: 1, p95, p99: null, max: null },
    buckets: [],
  })
  const found = pairs({ groups: [group('a', 150), group('b', 10)] }, { groups: [group('c', 5), group('a', 100)] })
  expect(found.map(({ what, now, before }) => [what, now?.us.p95, before?.us.p95])).toEqual([
    ['a', 150, 100],
    ['b', 10, undefined],
    ['c', undefined, 5],
  ])
  expect([change(150, 100), change(50, 100), change(100, 100), change(1, null), change(1, 0)]).toEqual([
    '+50 %',
    '−50 %',
    '±0 %',
    null,
    null,
  ])
})
