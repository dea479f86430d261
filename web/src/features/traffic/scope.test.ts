import { expect, test } from 'vitest'
import { budgets } from './Budget'
import { scoped, unscoped } from './scope'

test('CAP-53c a filter says itself which pod it is about', () => {
  for (const [filter, pod] of [
    ['tcp port 80 or udp', 'shop/front-1'],
    ['', 'shop/front-1'],
    ['tcp', ''],
    ['', ''],
    ['(a) or (b)', ''],
    ['(a) or (b)', 'shop/x'],
  ] as const) {
    expect(unscoped(scoped(filter, pod))).toEqual({ filter, pod })
  }
  expect(scoped(' tcp ', 'shop/x')).toBe('(tcp) and pod shop/x')
  expect(unscoped('(a) or (b) and pod shop/x').pod).toBe('')
})

test('CAP-54a what is kept has budgets', () => {
  const stats = {
    totals: {},
    kinds: [],
    losses: [],
    malformed: [],
    record_bytes: 5,
    record_budget: 10,
    viewers: 0,
  } as never
  expect(budgets({ ...(stats as object), spool: { bytes: 1, budget: 4, dropped: 0 } } as never)).toEqual([
    { title: 'Records', used: 5, of: 10 },
    { title: 'Packets', used: 1, of: 4 },
  ])
  expect(budgets({ ...(stats as object), spool: null } as never)).toHaveLength(1)
})
