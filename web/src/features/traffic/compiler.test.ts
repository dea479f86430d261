import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { caret } from './captureError'
import { compilerOf } from './compiler'

const compile = await compilerOf(readFileSync('generated/bpf.wasm'))

test('CAP-N-11r the compiler in the browser names the place and the words that may stand there', () => {
  const wrong = compile('tcp prot 8080')
  expect(wrong).toMatchObject({ code: 'filter_syntax', details: { offset: 4, line: 1, column: 5 } })
  expect(wrong?.message).toContain('expected')
  expect((wrong?.details as { expected: string[] } | undefined)?.expected).not.toHaveLength(0)
  expect(wrong && caret(wrong, 'tcp prot 8080')).toEqual({ at: 4, len: 4 })
})

test('CAP-N-11s it takes what the language has, one text after the other', () => {
  const right = [
    '',
    'tcp port 8080',
    'tcp[tcpflags] & (tcp-syn | tcp-ack) = tcp-syn',
    'ip6 and not (udp portrange 50-60 or vlan 7)',
    'host 10.0.0.7 and len > 100',
    'pod shop/front-1 or svc cart or workload deploy/front',
    `host 10.0.0.1${' or host 10.0.0.2'.repeat(200)}`,
  ]
  for (const text of right) expect(compile(text), text).toBeNull()
  for (const text of ['tcp port', 'host é', 'tcp and and', '((', 'port 99999']) {
    expect(compile(text)?.code, text).toMatch(/^filter_/)
  }
  for (const text of right) expect(compile(text), `${text} again`).toBeNull()
  expect(compile('a'.repeat(70_000))?.code).toBe('filter_too_long')
})

test('CAP-N-11t a text that nobody wrote is answered within a moment', () => {
  const long = `(${'tcp port 80 or '.repeat(400)}udp port 53) and not net 10.0.0.0/8`
  const from = performance.now()
  compile(long)
  expect(performance.now() - from).toBeLessThan(500)
})
