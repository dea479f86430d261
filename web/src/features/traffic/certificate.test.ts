import { describe, expect, test } from 'vitest'
import { expiry, handshakesOf } from './certificate'

describe('CAP-N-22j the board of TLS', () => {
  test.each([
    ['expired', -4, 4, 'expired 3 days ago'],
    ['expired', -1, 4, 'expired'],
    ['soon', 0, 3, 'today'],
    ['soon', 1, 3, '1 day left'],
    ['soon', 29, 3, '29 days left'],
    ['good', 400, 1, '400 days left'],
    ['early', 90, 4, 'not valid yet'],
    ['unread', undefined, 2, 'not readable'],
  ] as const)('%s with %s days is flagged', (standing, days, level, words) => {
    expect(expiry(days === undefined ? { standing } : { standing, days_left: days })).toEqual({ level, words })
  })
  test('a server opens its handshakes', () => {
    expect(handshakesOf({ server: 'pay.example', ends: ['pay.shop:443'] })).toBe(
      'where protocol in ("tls", "quic") and request ~ "pay.example"',
    )
    expect(handshakesOf({ server: 'pay.shop:443', ends: ['pay.shop:443'] })).toBe(
      'where protocol in ("tls", "quic") and destination = "pay.shop:443"',
    )
  })
})
