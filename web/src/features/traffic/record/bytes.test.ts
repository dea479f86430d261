import { describe, expect, test } from 'vitest'
import { axis } from './axis'
import { imageOf, protobuf } from './bodies'
import { messagesOf } from './messages'
import { fieldsOf, grpcMessages, sseEvents } from './protobuf'
import { seek } from './seek'
import { ticks } from './ticks'

const bytes = (...all: number[]) => new Uint8Array(all)
const letters = (text: string) => new TextEncoder().encode(text)
const body = (type: string, of: Uint8Array<ArrayBuffer>) => ({
  title: 'Response',
  type,
  length: of.length,
  text: null,
  bytes: of,
  cut: false,
})

describe('CAP-59l protobuf without its schema', () => {
  test('numbers, texts, messages in messages, bytes', () => {
    const inner = [0x08, 0x96, 0x01]
    const found = fieldsOf(
      bytes(0x08, 0x01, 0x12, 0x02, 0x68, 0x69, 0x1a, 3, ...inner, 0x22, 2, 0xff, 0x00, 0x2d, 0, 0, 0x80, 0x3f),
    )
    expect(found).toMatchObject([
      { number: 1, wire: 'varint', value: '1' },
      { number: 2, wire: 'bytes', value: '"hi"' },
      { number: 3, inner: [{ number: 1, value: '150' }] },
      { number: 4, value: 'ff 00', inner: null },
      { number: 5, wire: '32 bit', value: '1065353216 or 1' },
    ])
  })
  test('what is none is none, whatever its end', () => {
    const whole = bytes(0x08, 0x01, 0x12, 0x02, 0x68, 0x69)
    for (const len of [1, 3, 4, 5]) expect(fieldsOf(whole.slice(0, len))).toBeNull()
    expect(fieldsOf(bytes(0x00))).toBeNull()
    expect(fieldsOf(bytes(0x0b))).toBeNull()
    expect(fieldsOf(bytes())).toEqual([])
  })
  test('messages of gRPC have heads; the last may be cut', () => {
    const found = grpcMessages(bytes(0, 0, 0, 0, 2, 8, 1, 1, 0, 0, 0, 1, 9, 0, 0, 0, 0, 9, 8))
    expect(found.map(({ compressed, len, bytes: { length } }) => [compressed, len, length])).toEqual([
      [false, 2, 2],
      [true, 1, 1],
      [false, 9, 1],
    ])
    expect(protobuf(body('application/grpc', bytes(0, 0, 0, 0, 2, 8, 1)))).toHaveLength(1)
    expect(protobuf(body('application/x-protobuf', bytes(8, 1)))).toHaveLength(1)
    expect(protobuf(body('application/json', bytes(8, 1)))).toBeNull()
  })
})

test('CAP-59m only pictures that run nothing are drawn', () => {
  expect(imageOf(body('image/png', bytes(1, 2)))).toBe('data:image/png;base64,AQI=')
  expect(imageOf(body('image/svg+xml', letters('<svg onload=x>')))).toBeNull()
  expect(imageOf(body('text/html', bytes(1)))).toBeNull()
})

describe('CAP-59n messages', () => {
  test('of a gRPC call, with those that were only counted', () => {
    const call = {
      kind: 'http',
      grpc: { service: 's', method: 'm', req_msgs: 1, resp_msgs: 3 },
      request: { body: '\u0000\u0000\u0000\u0000\u0002\b\u0001', len: 7 },
      response: { body_b64: btoa('\u0000\u0000\u0000\u0000\u0009\b'), len: 14 },
    }
    const { messages, left } = messagesOf(call, [])
    expect(messages.map(({ sent, len, proto, note }) => [sent, len, proto?.length ?? note])).toEqual([
      [true, 2, 2],
      [false, 9, 'not kept to its end'],
    ])
    expect(left).toBe(2)
  })
  test('server-sent events', () => {
    expect(sseEvents('event: tick\r\nid: 7\r\ndata: a\r\ndata: b\r\n\r\n: note\n\ndata: c\n')).toEqual([
      { name: 'tick', id: '7', data: 'a\nb' },
      { name: '', id: '', data: 'c' },
    ])
    const call = { kind: 'http', sse: { events: 5 }, response: { body: 'data: 1\n\ndata: 2\n\n', len: 90 } }
    expect(messagesOf(call, [])).toMatchObject({ messages: [{ text: '1' }, { text: '2' }], left: 3 })
  })
})

describe('CAP-58c what went wrong stands on the axis of the conversation', () => {
  const side = (retrans: number, zero_win = 0) => ({ retrans, zero_win, packets: 1, bytes: 1 })
  const flow = (end: number, c: object, s: object, more = {}) => ({
    kind: 'flow',
    state: 'update',
    start: 100,
    end,
    ts: end,
    c,
    s,
    status: 'open',
    ...more,
  })
  const records = [
    flow(1_000, side(0), side(1)),
    { kind: 'gap', ts: 1_500, side: 'server', len: 1448, cause: 'ring' },
    flow(2_000, side(2), side(1, 4)),
    { kind: 'loss', from: 2_100, to: 2_600, ts: 2_600, cause: 'ring' },
    flow(3_000, side(2), side(1, 4), { state: 'close', status: 'reset' }),
  ]
  test('counters between which records they grew, the rest when it was', () => {
    expect(ticks(records).map(({ kind, fromUs, us, help }) => [kind, fromUs, us, help])).toEqual([
      ['repeated', 100, 900, 'server: 1 segments repeated'],
      ['repeated', 1_000, 1_000, 'client: 2 segments repeated'],
      ['closed window', 1_000, 1_000, 'server: 4 times no room for more'],
      ['missing', 1_500, 0, '1,448 bytes of the server are missing: ring'],
      ['lost', 2_100, 500, 'packets were lost: ring'],
      ['reset', 3_000, 0, 'reset'],
    ])
  })
  test('on the same axis as the records', () => {
    const found = axis(records)
    expect([found.fromUs, found.us, found.ticks.length]).toEqual([100, 2_900, 6])
  })
})

test('CAP-59p the list of packets begins at the record, with few of them read', () => {
  const here = new Set<number>()
  const read = (number: number) => (here.has(number) ? BigInt(number) * 10n : undefined)
  let reads = 0
  const at = (count: number, ns: bigint) => {
    for (;;) {
      const place = seek(count, ns, read)
      if ('found' in place) return place.found
      reads += 1
      here.add(place.need)
    }
  }
  expect(at(100_000, 71_235n)).toBe(7_124)
  expect(reads).toBeLessThan(20)
  expect([at(100_000, -5n), at(100_000, 99_999_999n), at(1, 3n)]).toEqual([0, 99_999, 0])
})
