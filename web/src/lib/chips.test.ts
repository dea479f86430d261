import { describe, expect, test } from 'vitest'
import { CHIPS, inBox, withChip } from './chips'

describe('CAP-52c a chip holds beside what the box says', () => {
  test.each([
    ['', 'where error = true'],
    ['cart', 'cart where error = true'],
    ['where wait > 200ms', 'where (wait > 200ms) and error = true'],
    ['cart where a = 1 or b = 2', 'cart where (a = 1 or b = 2) and error = true'],
    ['/where a = 1', '/where (a = 1) and error = true'],
  ])('%j', (box, text) => {
    expect(withChip(box, 'errors').text).toBe(text)
  })
  test('All and unknown chips ask nothing', () => {
    expect(withChip('cart', '').text).toBe('cart')
    expect(withChip('cart', 'no such chip').text).toBe('cart')
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
    expect(inBox(withChip(box, ''), box.indexOf('?'))).toBe(box.indexOf('?'))
  })
  test('ids are unique: the URL names them', () => {
    expect(new Set(CHIPS.map(({ id }) => id)).size).toBe(CHIPS.length)
  })
})
