import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { moment } from '../../../lib/time'
import { axis } from './axis'
import { bodies, hex, parsed } from './bodies'
import { curl, filterFor, har, quoted } from './copies'
import { endpoints, facts, flags, summary, title, verdict } from './model'
import { bars, length } from './waterfall'

const http = (more: object = {}) => ({
  kind: 'http',
  n: '0000000007',
  id: 'ab',
  flow: 'f1',
  ts: 1_763_735_045_123_456,
  src: { ip: '10.0.0.1', port: 40_000, ns: 'shop', pod: 'front-1' },
  dst: { ip: 'fd00::2', port: 8080, name: 'orders.shop' },
  version: '1.1',
  method: 'POST',
  scheme: 'http',
  host: 'orders.shop:8080',
  path: '/api',
  query: 'a=1&b=%20',
  url: 'http://orders.shop:8080/api?a=1&b=%20',
  status: 201,
  reason: 'Created',
  pair: 'ok',
  index: 0,
  request: {
    headers: [
      ['Host', 'orders.shop:8080'],
      ['X-A', '1'],
      ['x-a', "it's"],
      ['Content-Length', '9'],
    ],
    type: 'application/json',
    body: '{"n":"\'"}',
    len: 9,
    head_len: 80,
  },
  response: { headers: [['server', 'x']], body_b64: 'AAEC/w==', len: 4, wire_len: 4, head_len: 30 },
  req_us: 60,
  wait_us: 12_000,
  resp_us: 800,
  total_us: 12_860,
  ...more,
})
const flow = { hs_us: 400, tls_us: 21_000, verdict: { code: 'plaintext', why: '' } }

describe('CAP-58a where the time went', () => {
  test('the first request of a connection has TCP and TLS, in order and without holes', () => {
    const all = bars(http(), flow, { latency_us: 300 })
    expect(all.map(({ name }) => name)).toEqual(['DNS', 'TCP', 'TLS', 'send', 'wait', 'receive'])
    for (const [at, bar] of all.entries()) expect(bar.startUs).toBe(length(all.slice(0, at)))
    expect(length(all)).toBe(300 + 400 + 21_000 + 60 + 12_000 + 800)
  })
  test('a later request of the same connection has neither', () => {
    expect(bars(http({ index: 3 }), flow, { latency_us: 300 }).map(({ name }) => name)).toEqual([
      'send',
      'wait',
      'receive',
    ])
  })
  test('with both ends the wait is split into network and server', () => {
    const all = bars(http({ index: 1, net_us: 2_000, server_us: 10_000 }), flow, null)
    expect(all.map(({ name }) => name)).toEqual(['send', 'network', 'server', 'receive'])
  })
  test('what is unknown has no bar', () => {
    expect(bars({ kind: 'ws' }, flow, null)).toEqual([])
    expect(bars(http({ wait_us: undefined }), null, null).map(({ name }) => name)).toEqual(['send', 'receive'])
  })
})

describe('CAP-57a a record in words', () => {
  test('what was asked, by kind', () => {
    expect(title(http())).toBe('POST /api?a=1&b=%20')
    expect(title(http({ grpc: { service: 'shop.Cart', method: 'Add' } }))).toBe('shop.Cart/Add')
    expect(title({ kind: 'dns', qtype: 'A', qname: 'x' })).toBe('A x')
    expect(title({ kind: 'redis', commands: ['GET'], keys: ['a', 'b'] })).toBe('GET a b')
  })
  test('the two ends, names first, addresses in full', () => {
    const [client, server] = endpoints(http())
    expect(client).toMatchObject({ role: 'Client', name: 'shop/front-1', address: '10.0.0.1:40000' })
    expect(server).toMatchObject({ role: 'Server', name: 'orders.shop', address: '[fd00::2]:8080' })
  })
  test('what is not whole about it is said', () => {
    expect(
      flags(http({ partial: ['gap'], redacted: ['cookie'], pair: 'request_only' })).map((flag) => flag.text),
    ).toEqual(['seen in part: bytes of it are missing', 'masked: cookie', 'no answer was seen'])
    expect(flags(http())).toEqual([])
  })
  test('each verdict has words, and a next step where it could not be read', () => {
    expect(verdict(http(), flow)).toMatchObject({ level: 1, next: '' })
    expect(verdict({ verdict: { code: 'no_keys' } }, null)?.next).toContain('SSLKEYLOGFILE')
    expect(verdict({ verdict: { code: 'of_tomorrow', why: 'because' } }, null)?.words).toBe('because')
    expect(verdict({}, null)).toBeNull()
  })
  test('the colour of the first byte turns at 200 and at 600 ms', () => {
    const level = (ttfb_us: number) => summary(http({ ttfb_us })).first?.level
    expect([199_999, 200_000, 599_999, 600_000].map(level)).toEqual([1, 3, 3, 4])
    expect(summary(http())).toEqual({ us: 12_860, client: 'shop/front-1', server: 'orders.shop', first: null })
    expect(summary({ kind: 'flow', start: 5, end: 12 }).us).toBe(7)
  })
  test('bytes, packets and throughput of the connection; the version that was chosen', () => {
    const sides = { start: 0, end: 2_000_000, c: { bytes: 2_048, packets: 3 }, s: { bytes: 4_194_304, packets: 9 } }
    const all = new Map(facts(http(), { ...flow, ...sides }))
    expect(all.get('Client sent')).toBe('3 packets, 2048 B, 0 repeated, 0 B missing')
    expect(all.get('Throughput')).toBe('1.0 KiB/s up, 2.0 MiB/s down')
    expect(all.get('Protocol')).toBe('HTTP/1.1')
    expect(new Map(facts({ kind: 'flow', ...sides }, null)).get('Server sent')).toContain('9 packets, 4194304 B')
    const tls = { kind: 'tls', version: 'TLS 1.2', offered: ['TLS 1.3', 'TLS 1.2'] }
    expect(new Map(facts(tls, null)).get('Protocol')).toBe('TLS 1.2')
  })
  test('CAP-37 what is encrypted is called so, whatever the cause', () => {
    const codes = ['no_keys', 'keys_for_other_connections', 'handshake_not_seen', 'unsupported_cipher', 'ech']
    for (const code of [...codes, 'resumed_without_keys', 'quic_no_keys'])
      expect(verdict({ verdict: { code } }, null)?.words, code).toMatch(/^Payload encrypted/)
    for (const code of ['plaintext', 'decrypted', 'uncertain'])
      expect(verdict({ verdict: { code } }, null)?.words, code).not.toMatch(/Payload encrypted/)
  })
  test('a moment to the microsecond', () => {
    expect(moment(1_763_735_045_123_456)).toBe('2025-11-21 14:24:05.123456')
  })
})

describe('CAP-59a copies', () => {
  test('CAP-N-18o curl: headers in order with repetitions, nothing that a shell would read', () => {
    expect(curl(http())).toBe(
      `curl -i -g --path-as-is -X POST -H 'X-A: 1' -H 'x-a: it'\\''s' --data-raw '{"n":"'\\''"}' 'http://orders.shop:8080/api?a=1&b=%20'`,
    )
    expect(curl({ kind: 'dns' })).toBeNull()
    expect(quoted('$(rm -rf /)`x`')).toBe("'$(rm -rf /)`x`'")
  })
  test('CAP-N-18p curl: a shell gives it what was sent, and no file, command or key of whoever pastes it', () => {
    const body = "@/etc/passwd\n$(id)`id`\\'\u001b[201~\u0003é\t!"
    const record = {
      kind: 'http',
      method: '$`id`',
      url: 'http://shop/{a,b}[1-3]/../x?a=1&b=2;c',
      request: {
        headers: [
          ['@/etc/passwd', 'x'],
          ['X-Empty', ''],
          ['X-Two', "a'\u007fb"],
        ],
        body,
      },
    }
    const command = curl(record) ?? ''
    expect([...command].filter((char) => char < ' ' || char === '\u007f')).toEqual([])
    const words = execFileSync('bash', ['--norc', '-c', command.replace(/^curl/, "printf '%s\\0'")], {
      env: { LC_ALL: 'C.UTF-8' },
    })
    const expected = [
      '-i',
      '-g',
      '--path-as-is',
      '-X',
      '$`id`',
      '-H',
      'X-Empty;',
      '-H',
      "X-Two: a'\u007fb",
      '--data-raw',
    ]
    expect(words.toString().split('\0').slice(0, -1)).toEqual([...expected, body, record.url])
    // what is asked of no server of HTTP is no request to repeat
    expect(curl({ ...record, url: 'file:///etc/passwd' })).toBeNull()
  })
  test('HAR: times in milliseconds, nothing left out', () => {
    const { log } = JSON.parse(har(http(), '1.0') ?? '') as {
      log: { version: string; entries: Array<Record<string, never>> }
    }
    expect(log.version).toBe('1.2')
    expect(log.entries[0]).toMatchObject({
      time: 12.86,
      timings: { send: 0.06, wait: 12, receive: 0.8 },
      request: {
        method: 'POST',
        queryString: [
          { name: 'a', value: '1' },
          { name: 'b', value: ' ' },
        ],
      },
      response: { status: 201, statusText: 'Created' },
    })
  })
  test('the filter finds its flow', () => {
    expect(filterFor(http())).toBe('where flow = "f1"')
    expect(filterFor(http({ flow: undefined }))).toBe('where name = "0000000007"')
  })
})

describe('CAP-57b bodies are text or bytes', () => {
  test('text and bytes of a request', () => {
    const [request, response] = bodies(http({ truncated: ['response_body'] }))
    expect(request).toMatchObject({ title: 'Request', text: '{"n":"\'"}', cut: false })
    expect([...(response?.bytes ?? [])]).toEqual([0, 1, 2, 255])
    expect(response?.cut).toBe(true)
  })
  test('a length without content is a body all the same', () => {
    expect(bodies(http({ request: { len: 70 }, response: { len: 0 } }))).toMatchObject([
      { length: 70, text: null, bytes: null },
    ])
  })
  test('only objects and lists are a tree', () => {
    expect(parsed('{"a":[1]}')).toEqual({ value: { a: [1] } })
    expect(parsed('12')).toBeNull()
    expect(parsed('{"a":')).toBeNull()
  })
  test('hex has offset, bytes and letters', () => {
    expect(hex(new Uint8Array([72, 105, 0]))[0]).toMatch(/^000000 {2}48 69 00 +Hi\.$/)
  })
})

test('CAP-58b all records of a flow stand on one axis, of the flow itself only its end', () => {
  const found = axis([
    { kind: 'flow', state: 'open', id: 'o', ts: 90, start: 90, end: 100 },
    http({ ts: 2_000, total_us: 500 }),
    { kind: 'gap', id: 'g', ts: 1_000, side: 'server', len: 5 },
    { kind: 'flow', state: 'close', id: 'c', ts: 9_000, start: 90, end: 8_090, status: 'reset' },
  ])
  expect(found.places.map(({ kind }) => kind)).toEqual(['flow', 'gap', 'http'])
  expect(found).toMatchObject({ fromUs: 90, us: 8_000 })
  expect(found.places.map(({ level }) => level)).toEqual([4, 3, 1])
  expect(found.places[1]?.gap).toBe(true)
  expect(found.places[2]?.id).toBe('0000000007')
})

describe('CAP-N-08l a request beside a sidecar', () => {
  const outer = {
    peer: { ip: '10.0.0.7', port: 51_234, ns: 'shop', pod: 'front-1' },
    flow: '0a',
    way: 'in',
    proxy_us: 310,
    agreed: 'request',
  }
  test('it says by which TLS connection it came, and from whom', () => {
    const all = facts(http({ outer }), flow)
    expect(all).toContainEqual(['Came by TLS from', 'front-1, 10.0.0.7:51234'])
    expect(all).toContainEqual(['TLS connection', '0a'])
    expect(all).toContainEqual(['In the proxy', '310µs'])
    expect(facts(http({ outer: { ...outer, way: 'out' } }), flow).map(([title]) => title)).toContain('Left by TLS to')
  })
  test('the connection says how many it carried', () => {
    const closed = { kind: 'flow', inner: { requests: 3, answers: 2 } }
    expect(facts(closed, null)).toContainEqual(['Requests in the clear behind it', '3, of 2 the answers agree'])
    expect(facts(http(), flow).some(([title]) => title.includes('TLS'))).toBe(false)
  })
})
