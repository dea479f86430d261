import { expect, test } from 'vitest'
import { moved } from './window'

const place = { visible: 40, total: 100_000, ahead: 0 }

test('CAP-46 the window is three times the viewport, around it, and moves only near its edge', () => {
  const first = moved({ at: 0, len: 0 }, { ...place, top: 0 })
  expect(first).toEqual({ at: 0, len: 120 })
  const now = { at: 0, len: 120 }
  for (const top of [0, 10, 60]) expect(moved(now, { ...place, top }), `${top}`).toBeNull()
  expect(moved(now, { ...place, top: 61 })).toEqual({ at: 21, len: 120 })
  expect(moved(now, { ...place, top: 50_000 })).toEqual({ at: 49_960, len: 120 })
  expect(moved({ at: 49_960, len: 120 }, { ...place, top: 50_000 })).toBeNull()
  expect(moved(now, { ...place, top: 99_960 })).toEqual({ at: 99_880, len: 120 })
})

test('a window has room for what comes while the newest is followed, and never more rows than a server gives', () => {
  expect(moved({ at: 0, len: 0 }, { ...place, top: 99_960, ahead: 400 })).toEqual({ at: 99_880, len: 520 })
  expect(moved({ at: 0, len: 0 }, { ...place, top: 0, visible: 900 })).toEqual({ at: 0, len: 1000 })
  expect(moved({ at: 0, len: 0 }, { ...place, top: 0, total: 3 })).toEqual({ at: 0, len: 120 })
})
