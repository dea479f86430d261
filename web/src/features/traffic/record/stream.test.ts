import { expect, test } from 'vitest'
import type { Piece } from '../../../wire/frames'
import { Lines } from './stream'

const piece = (
  number: number,
  side: Piece['side'],
  text: string | Uint8Array<ArrayBuffer>,
  more: Partial<Piece> = {},
): Piece => {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  return { number, side, tsUs: 1_000_000, offset: 0, len: bytes.length, gap: 0, bytes, ...more }
}

test('CAP-59i both directions in their order, gaps where they are', () => {
  const pieces = [
    piece(0, 'client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    piece(1, 'server', '', { gap: 1, len: 1448 }),
    piece(2, 'server', 'ok\u0007\u202e<b>'),
  ]
  const both = new Lines('text', 'both').take(pieces)
  expect(both.map(({ side, first, text, gap }) => [side, first, text, gap])).toEqual([
    ['client', true, 'GET / HTTP/1.1', false],
    ['client', false, 'Host: a', false],
    ['client', false, '', false],
    ['server', true, '1,448 bytes are missing: the kernel’s ring dropped packets', true],
    ['server', true, 'ok··<b>', false],
  ])
  expect(new Lines('text', 'server').take(pieces)).toHaveLength(2)
})

test('CAP-59j what comes later is added; a letter cut in two is one letter', () => {
  const [first, second] = [new TextEncoder().encode('grü').slice(0, 3), new TextEncoder().encode('grü').slice(3)]
  const lines = new Lines('text', 'both')
  const pieces = [piece(0, 'client', first)]
  lines.take(pieces)
  pieces.push(piece(1, 'server', 'x'), piece(2, 'client', second))
  expect(lines.take(pieces).map(({ text }) => text)).toEqual(['gr', 'x', 'ü'])
  expect(lines.take([]), 'chosen anew').toEqual([])
})

test('CAP-59k hexadecimal lines have the offset of their direction', () => {
  const [line] = new Lines('hex', 'both').take([piece(0, 'client', 'Hi', { offset: 0x54 })])
  expect(line?.text).toMatch(/^00000054 {2}48 69 +Hi$/)
})
