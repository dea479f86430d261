import { expect, test } from 'vitest'
import type { Row } from '../wire/api'
import { asideOf, NONE } from './asides'
import type { Shown } from './columns'

const columns = ['time', 'protocol'].map((id, index) => ({ column: { id }, index, width: 9 })) as unknown as Shown[]
const row = (us: number, protocol: string): Row => [us, 0, '', String(us), [us, protocol]]

test('CAP-60e losses, changes of the tap and silence are seen in the list', () => {
  expect(asideOf(row(9_000_000, 'loss'), row(8_000_000, 'http'), columns)).toEqual({ what: 'missing', silence: '' })
  expect(asideOf(row(9_000_000, 'gap'), undefined, columns).what).toBe('missing')
  expect(asideOf(row(9_000_000, 'tap'), undefined, columns).what).toBe('change')
  expect(asideOf(row(19_000_000, 'http'), row(7_000_000, 'http'), columns)).toEqual({
    what: '',
    silence: 'nothing for 12.0s before this',
  })
  expect(asideOf(row(1, 'loss'), undefined, columns.slice(1)), 'lists without a time').toEqual(NONE)
  expect(asideOf(undefined, row(1, 'x'), columns)).toEqual(NONE)
})
