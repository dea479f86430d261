import { describe, expect, test } from 'vitest'
import { CHIPS, inBox, withChip } from './chips'

describe('CAP-52c a chip holds beside what the box says', () => {
  test.each([
    ['', 'where error = true and own = false'],
    ['cart', 'cart where error = true and own = false'],
    ['where wait > 200ms', 'where (wait > 200ms) and error = true and own = false'],
    ['cart where a = 1 or b = 2', 'cart where (a = 1 or b = 2) and error = true and own = false'],
    ['/where a = 1', '/where (a = 1) and error = true and own = false'],
  ])('%j', (box, text) => {
    expect(withChip(box, 'errors').text).toBe(text)
  })
  test('All and unknown chips hide what is our own, and nothing else', () => {
    expect(withChip('cart', '').text).toBe('cart where own = false')
    expect(withChip('cart', 'no such chip').text).toBe('cart where own = false')
    expect(withChip('~^a.*', '')).toEqual({ text: '~^a.*', from: 0, shift: 0 })
  })
  test('CAP-29 our own is shown by its chip alone', () => {
    expect(withChip('', 'own').text).toBe('where own = true')
    for (const { id, where } of CHIPS) expect(where.endsWith('own = false')).toBe(id !== 'own')
  })
  test('half a sentence keeps its own error', () => {
    expect(withChip('where ', 'errors').text).toBe('where ')
  })
  test('a regular expression fills the filter: the chip says that it does nothing', () => {
    expect(withChip('~^a.*', 'errors')).toMatchObject({ text: '~^a.*', problem: expect.stringContaining('regex') })
  })
  test('an error stands under the place of the box where it is', () => {
    const box = 'where wait ? 3'
    const combined = withChip(box, 'errors')
    expect(inBox(combined, combined.text.indexOf('?'))).toBe(box.indexOf('?'))
    const all = withChip(box, '')
    expect(inBox(all, all.text.indexOf('?'))).toBe(box.indexOf('?'))
  })
  test('ids are unique: the URL names them', () => {
    expect(new Set(CHIPS.map(({ id }) => id)).size).toBe(CHIPS.length)
  })
})
