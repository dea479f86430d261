import { expect, test } from 'vitest'
import { caret } from './captureError'

const error = (offset?: number) => ({
  code: 'filter_syntax',
  message: 'line 1, column 5: `prot` does not fit here',
  details: offset === undefined ? undefined : { offset, line: 1, column: 5 },
  request_id: '',
})

test('CAP-53b an error of a capture filter stands under its word', () => {
  const text = 'tcp prot 8080'
  expect(caret(error(4), text)).toEqual({ at: 4, len: 4 })
  expect(caret(error(5), text, 1), 'brackets were put around it').toEqual({ at: 4, len: 4 })
  expect(caret(error(99), text)).toEqual({ at: 13, len: 1 })
  expect(caret(error(8), 'host é x'), 'bytes are no letters').toEqual({ at: 7, len: 1 })
  expect(caret(error(), text)).toBeNull()
})
