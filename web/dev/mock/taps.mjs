// Taps and their records of the development server: columns as the server has them, records that keep coming.
import { error } from './data.mjs'

const col = (id, title, type, width, wide = false, help = '') => ({
  id,
  title,
  type,
  wide,
  extra: false,
  absent: '',
  width,
  help,
})
const TAP = [
  col('title', 'Tap', 'text', 36),
  col('state', 'State', 'status', 10),
  col('cluster', 'Cluster', 'text', 16),
  col('by', 'By', 'text', 12),
  col('since', 'Since', 'age', 8),
  col('pods', 'Pods', 'ratio', 7),
  col('records', 'Records', 'int', 9),
  col('packets', 'Packets', 'int', 9),
  col('bytes', 'Bytes', 'bytes', 8),
  col('lost', 'Lost', 'int', 7),
  col('filter', 'Filter', 'text', 24, true),
  col('name', 'Id', 'text', 34, true),
]
const RECORD = [
  col('time', 'Time', 'clock', 12),
  col('source', 'Source', 'text', 28),
  col('destination', 'Destination', 'text', 32),
  col('protocol', 'Protocol', 'text', 9),
  col('request', 'Request', 'text', 48),
  col('status', 'Status', 'status', 10),
  col('wait', 'Wait', 'micros', 8),
  col('total', 'Total', 'micros', 8),
  col('up', 'Up', 'bytes', 7),
  col('down', 'Down', 'bytes', 7),
  col('flags', 'Flags', 'text', 16),
  col('pod', 'Pod', 'text', 28, true),
  col('error', 'Error', 'bool', 6, true),
  col('partial', 'Partial', 'bool', 6, true),
  col('own', 'Own', 'bool', 6, true),
  col('flow', 'Flow', 'text', 34, true),
  col('name', 'Id', 'text', 12, true),
]
const start = Date.now() - 754_000
const body = JSON.stringify({
  id: 4711,
  name: 'Grüße, 世界 <b>bold</b>',
  items: [
    { sku: 'a-1', price: 12.5, tags: ['new', 'blue'] },
    { sku: 'b-2', price: 3, tags: [] },
  ],
  paid: false,
  note: null,
})
const KINDS = [
  ['http', 'GET', '/api/v1/carts/4711/items?limit=20', 200, 12_345],
  ['http', 'POST', '/api/v1/orders', 201, 48_210],
  ['http', 'GET', '/healthz', 200, 410],
  ['http', 'GET', '/api/v1/recommendations/personalised-for-returning-visitors?user=9', 503, 1_204_000],
  ['http', 'GET', '/favicon.ico', 404, 900],
  ['dns', 'A', 'orders.shop.svc.cluster.local', 'NOERROR', 310],
  ['dns', 'AAAA', 'ledger.payments-and-very-long-namespace-name-indeed.svc.cluster.local', 'NXDOMAIN', 1_900],
  ['tls', '', 'api.images.invalid', '1.3', 21_400],
  ['redis', 'GET', 'session:91', 'ok', 180],
  ['sql', 'select', 'SELECT id, total FROM orders WHERE customer = ? AND state = ?', '', 2_240],
  ['ws', 'text', 'client text {"type":"ping"}', '', null],
]
const hex = (n, len = 32) => n.toString(16).padStart(len, '0')
const endpoint = (ip, port, ns, pod, service) => ({
  ip,
  port,
  ns,
  pod,
  service,
  name: service ? `${service}.${ns}` : pod,
})

class MockTap {
  constructor(number, more) {
    this.id = hex(number * 7919)
    this.records = []
    this.tap = {
      id: this.id,
      cluster: 'dev',
      state: 'running',
      title: 'deployments.apps shop/front',
      by: 'ada',
      started_ms: start,
      filter: '',
      packets: 'masked',
      filters: [{ since_ms: start, filter: 'tcp port 8080', by: 'ada' }],
      paused: false,
      body: 4096,
      redacted: true,
      targets: [target('front-6dd8b94f4-x7k2p'), target('front-6dd8b94f4-9vq5r')],
      totals: { records: 0, kept: 0, packets: 0, bytes: 0, lost: 0, spooled: 0 },
      ...more,
    }
  }
  add(atUs) {
    const n = this.records.length + 1
    const kind = KINDS[(n * 7 + Math.floor(n / 5)) % KINDS.length]
    this.records.push(record(this, n, kind, atUs))
    const { totals, targets } = this.tap
    totals.records = n
    totals.kept = n
    totals.packets += 14
    totals.bytes += 6_200
    for (const one of targets.filter((one) => !one.error)) {
      one.totals = {
        ...totals,
        records: Math.floor(n / 2),
        packets: Math.floor(totals.packets / 2),
        lost: one.totals.lost,
      }
    }
  }
  row(key) {
    const { tap } = this
    const level = { running: tap.totals.lost ? 3 : 1, ended: 0, waiting: 2 }[tap.state] ?? 2
    const good = tap.targets.filter((one) => !one.error).length
    const { records, packets, bytes, lost } = tap.totals
    const cells = [tap.title, [tap.state, level], tap.cluster, tap.by, tap.started_ms, [good, tap.targets.length]]
    return [key, 0, '', this.id, [...cells, records, packets, bytes, lost, tap.filter || null, this.id]]
  }
}
function target(pod, more = {}) {
  const totals = { records: 0, kept: 0, packets: 0, bytes: 0, lost: 0, spooled: 0 }
  return { namespace: 'shop', pod, state: 'capturing', container: 'qd-tap-1', profile: 'netraw', totals, ...more }
}
function record(tap, n, [kind, op, what, status, us], atUs) {
  const flow = hex(Math.floor(n / 4) + 99)
  const envelope = {
    n: String(n).padStart(10, '0'),
    tap: tap.id,
    pod: 'shop/front-6dd8b94f4-x7k2p',
    v: 1,
    kind,
    id: hex(n * 31),
    seq: n,
    ts: atUs,
    flow,
    src: endpoint('10.244.1.7', 40_112, 'shop', 'front-6dd8b94f4-x7k2p', ''),
    dst: endpoint('10.96.4.20', kind === 'dns' ? 53 : 8080, 'shop', '', kind === 'dns' ? 'kube-dns' : 'orders'),
    vantage: 'client',
    if: 0,
    ...(n % 9 === 0 ? { redacted: ['authorization', 'cookie'] } : {}),
    ...(n % 31 === 0 ? { partial: ['gap'] } : {}),
  }
  if (kind === 'http') {
    const [path, query] = what.split('?')
    const head = (pairs) => [['content-type', 'application/json'], ['x-request-id', hex(n, 12)], ...pairs]
    return {
      ...envelope,
      version: '1.1',
      method: op,
      scheme: 'http',
      host: 'orders.shop:8080',
      path,
      ...(query ? { query } : {}),
      url: `http://orders.shop:8080${what}`,
      status,
      reason: { 200: 'OK', 201: 'Created', 404: 'Not Found', 503: 'Service Unavailable' }[status],
      pair: 'ok',
      index: n % 4,
      request: {
        headers: head([
          ['host', 'orders.shop:8080'],
          ['authorization', 'Bearer «redacted 33-64 #0011223344556677»'],
          ['accept', '*/*'],
        ]),
        ...(op === 'POST' ? { body, type: 'application/json' } : {}),
        len: op === 'POST' ? body.length : 0,
        wire_len: 0,
        head_len: 412,
      },
      response: {
        headers: head([['server', 'orders/1.4']]),
        type: 'application/json',
        body,
        len: 8_204,
        wire_len: 8_204,
        head_len: 190,
      },
      req_us: 62,
      wait_us: us,
      resp_us: 812,
      ttfb_us: us + 62,
      total_us: us + 874,
      trace: { id: hex(n * 77) },
    }
  }
  if (kind === 'dns')
    return {
      ...envelope,
      qname: what,
      qtype: op,
      rcode: status,
      latency_us: us,
      answers: [{ name: what, type: 'A', ttl: 30, data: '10.96.4.20' }],
    }
  if (kind === 'tls')
    return {
      ...envelope,
      version: 'TLS 1.3',
      sni: what,
      alpn: 'h2',
      cipher: 'TLS_AES_128_GCM_SHA256',
      group: 'X25519',
      hs_us: us,
      ja3: hex(12),
      ja4: 't13d1516h2_8daaf6152771_b186095e22b6',
      verdict: { code: 'no_keys', why: 'no keys' },
    }
  if (kind === 'redis')
    return { ...envelope, commands: [op], keys: [what], reply: '«redacted 9-16 #0011»', latency_us: us, bytes: 120 }
  if (kind === 'sql')
    return { ...envelope, engine: 'postgres', op, query: what, rows: 3, tag: 'SELECT 3', latency_us: us }
  return { ...envelope, from: 'client', opcode: op, len: 15, text: '{"type":"ping"}', fragments: 1, compressed: false }
}
const level = (r) =>
  r.kind === 'http'
    ? r.status >= 500
      ? 4
      : r.status >= 400
        ? 3
        : 1
    : r.kind === 'dns'
      ? r.rcode === 'NOERROR'
        ? 1
        : 3
      : 0
const protocol = (r) => (r.kind === 'sql' ? r.engine : r.kind)
function cells(r) {
  const what = {
    http: `${r.method} ${r.host}${r.path}`,
    dns: `${r.qtype} ${r.qname}`,
    tls: r.sni,
    redis: `${r.commands} ${r.keys}`,
    sql: r.query,
    ws: 'client text',
  }
  const status = String(r.status ?? r.rcode ?? (r.kind === 'redis' ? 'ok' : (r.tag ?? '')))
  const flags = [r.partial && 'partial', r.redacted && 'redacted', r.kind === 'tls' && 'encrypted']
    .filter(Boolean)
    .join(' ')
  const wait = r.wait_us ?? r.latency_us ?? r.hs_us ?? null
  return [
    r.ts,
    'front-6dd8b94f4-x7k2p',
    `${r.dst.name}:${r.dst.port}`,
    protocol(r),
    what[r.kind] + (r.query && r.kind === 'http' ? `?${r.query}` : ''),
    status ? [status, level(r)] : null,
    wait,
    r.total_us ?? wait,
    r.request?.len ?? null,
    r.response?.len ?? null,
    flags || null,
    r.pod,
    level(r) >= 3,
    Boolean(r.partial),
    false,
    r.flow,
    r.n,
  ]
}

const live = new MockTap(1, {})
const lossy = new MockTap(2, {
  title: '-n shop -l app=orders',
  targets: [
    target('orders-7c9f-2xk4p', { totals: { records: 0, kept: 0, packets: 0, bytes: 0, lost: 412, spooled: 0 } }),
    target('orders-7c9f-w8rtz', {
      state: 'failed',
      profile: '',
      error: error('rbac_denied', 'you may not patch pods/ephemeralcontainers in namespace shop', {
        verb: 'patch',
        kind: 'pods/ephemeralcontainers',
        namespace: 'shop',
      }),
    }),
  ],
  filter: 'tcp port 8080',
})
lossy.tap.totals.lost = 412
const ended = new MockTap(3, { state: 'ended', title: 'pods kube-system/coredns-1', ended_ms: start + 60_000 })
const empty = new MockTap(4, { title: 'services shop/mail' })
const taps = process.env.MOCK_TAPS === '0' ? [] : [live, lossy, ended, empty]
for (const tap of [live, lossy, ended]) for (let n = 0; n < 3_000; n++) tap.add((start + n * 250) * 1000 + 123)
setInterval(() => {
  for (let n = 0; n < 3; n++) live.add(Date.now() * 1000 + n)
}, 700).unref()

/** Rows of records, which stay as they are. */
const rowsOf = new WeakMap()
const rowOf = (r) => {
  if (!rowsOf.has(r)) rowsOf.set(r, [Number(r.n), 0, 'shop', r.n, cells(r)])
  return rowsOf.get(r)
}
/** Columns and rows of a list for a query. */
export function list(query) {
  if (query.list === 'taps') return { columns: TAP, rows: taps.map((tap, at) => tap.row(at + 1)) }
  const tap = taps.find(({ id }) => id === query.list.records)
  if (tap === undefined) return null
  const tests = [...query.filter.matchAll(/(\w+) (=|>=|in) "?([\w.]+|\([^)]*\))"?/g)]
  const text = query.filter
    .replace(/where.*/, '')
    .trim()
    .toLowerCase()
  const all = tap.records.map(rowOf)
  const holds = (row) =>
    tests.every(([, id, op, value]) => {
      const cell = row[4][RECORD.findIndex((column) => column.id === id)]
      if (op === '>=') return cell >= Number.parseInt(value, 10) * 1000
      return String(cell) === value || (id === 'partial' && cell)
    }) &&
    (text === '' || row[4].some((cell) => String(cell).toLowerCase().includes(text)))
  return { columns: RECORD, rows: all.filter(holds) }
}

/** Answers of `/api/v1/taps…`, or null. */
export function taprest(method, path, body, query) {
  const [, , id, part, which] = path.split('/')
  if (method === 'POST' && id === undefined) {
    const wrong = misspelt(body.filter ?? '')
    if (wrong !== null) return wrong
    if (body.unredacted && body.answers.typed_name === '')
      return [409, error('needs_unmet', 'this has to be confirmed', { needs: [{ need: 'typed_name', name: 'dev' }] })]
    const made = new MockTap(taps.length + 1, {
      title: `${body.targets[0].kind} ${body.targets[0].namespace}/${body.targets[0].name}`,
      started_ms: Date.now(),
    })
    taps.push(made)
    return [200, made.tap]
  }
  const tap = taps.find((one) => one.id === id)
  if (tap === undefined)
    return [404, error('not_found', 'there is no such tap: it was forgotten, or this server did not start it')]
  if (method === 'DELETE') tap.tap = { ...tap.tap, state: 'ended', ended_ms: Date.now() }
  if (method === 'PATCH') {
    const wrong = misspelt(body.filter ?? '')
    if (wrong !== null) return wrong
    tap.tap = { ...tap.tap, ...body }
  }
  if (part === 'records') {
    const found = tap.records.find((r) => r.n === which)
    if (found === undefined) return [404, error('not_found', 'this record is not kept any more')]
    return [200, { record: found, flow: flowRecord(found) }]
  }
  if (part === 'map') return [200, map(tap)]
  if (part === 'stats') {
    const spool = { bytes: 870_000_000, budget: 1 << 30, dropped: 0 }
    return [200, { totals: tap.tap.totals, record_bytes: 9_000_000, record_budget: 64 << 20, spool, viewers: 0 }]
  }
  if (part === 'preview') return misspelt(query.get('bpf') ?? '') ?? [200, { matches: 1_204, of: 10_000 }]
  if (part === 'histograms') return [200, histograms(tap)]
  if (part === 'tls') return [200, { servers: tlsServers(), more: false }]
  if (part === 'flows') return [200, { records: [...tap.records.filter((r) => r.flow === which)], more: false }]
  return [200, tap.tap]
}
function misspelt(filter) {
  const offset = filter.indexOf('prot ')
  return offset < 0 ? null : [400, error('filter_syntax', 'expected `port`, not `prot`', { offset, line: 1 })]
}
const shares = (all) => {
  const sorted = all.toSorted((a, b) => a - b)
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}
const spread = (n, us) => Math.round(us * (0.6 + ((n * 37) % 100) / 70))
function groups(tap, of) {
  const found = new Map()
  for (const r of tap.records) {
    const id = of(r)
    if (!found.has(id)) found.set(id, [])
    found.get(id).push(r)
  }
  return [...found.entries()].sort((a, b) => b[1].length - a[1].length)
}
const waits = (all) =>
  all.flatMap((r) => ((r.wait_us ?? r.latency_us) ? [spread(Number(r.n), r.wait_us ?? r.latency_us)] : []))
function map(tap) {
  const edges = groups(tap, (r) => `${r.dst.name}:${r.dst.port} ${protocol(r)}`).map(([id, all]) => ({
    source: 'shop/front-6dd8b94f4-x7k2p',
    destination: id.split(' ')[0],
    protocol: id.split(' ')[1],
    count: all.length,
    errors: all.filter((r) => level(r) >= 3).length,
    unanswered: id.includes('redis') ? 4 : 0,
    bytes: all.length * 2_311,
    us: shares(waits(all)),
  }))
  const ends = [...new Set(edges.map(({ destination }) => destination.replace(/:\d+$/, '')))].map((name) => ({
    name,
    kind: name.includes('.svc') || !name.includes('.') ? 'service' : 'external',
    namespace: 'shop',
  }))
  ends.push({ name: edges[0]?.source ?? '', kind: 'pod', workload: 'deployment/front', namespace: 'shop' })
  return { from: tap.records[0]?.ts ?? 0, to: tap.records.at(-1)?.ts ?? 0, edges, ends, more: false }
}
function tlsServers() {
  const now = Math.floor(Date.now() / 1000)
  const one = (server, days, standing, more = {}) => ({
    server,
    ends: ['pay.shop:8443'],
    connections: 41 * (days + 30),
    failed: 0,
    versions: ['TLS 1.2', 'TLS 1.3'],
    ja3: ['771,4865-4866', '771,4867'],
    ja4: ['t13d1516h2_8daaf6152771_b186095e22b6'],
    ja4s: ['t120200_c030_e4bd7d7cf5aa'],
    certificate: {
      subject: `CN=${server}`,
      issuer: 'CN=shop authority',
      sans: [server],
      from: now - 60 * 86_400,
      to: now + days * 86_400,
      days_left: days,
      standing,
      mismatch: days === 12,
      sha256: 'ab'.repeat(32),
      others: days === 12 ? 1 : 0,
    },
    ...more,
  })
  return [
    one('old.example.com', -4, 'expired', { failed: 12 }),
    one('pay.shop', 12, 'soon'),
    one('api.example.com', 300, 'good'),
    one('hidden.example.com', 0, 'unread', { certificate: undefined, versions: ['TLS 1.3'] }),
  ]
}
function histograms(tap) {
  const all = groups(tap, (r) => `${r.kind} ${r.method ?? r.qtype ?? r.commands ?? r.op ?? ''} ${r.path ?? ''}`)
  return {
    groups: all
      .filter(([, list]) => waits(list).length > 0)
      .map(([id, list]) => {
        const buckets = new Map()
        for (const us of waits(list)) {
          const bucket = Math.round(1.125 ** Math.floor(Math.log(us) / Math.log(1.125)))
          buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1)
        }
        return {
          kind: id.split(' ')[0],
          what: id.split(' ').slice(1).join(' '),
          count: list.length,
          errors: list.filter((r) => level(r) >= 3).length,
          us: shares(waits(list)),
          buckets: [...buckets].sort((a, b) => a[0] - b[0]),
        }
      }),
  }
}
const side = (bytes) => ({ packets: 12, bytes, unique: bytes, retrans: 1, ooo: 0, dup_ack: 0, zero_win: 0, lost: 0 })
const flowRecord = (r) => ({
  kind: 'flow',
  id: `${r.id}f`,
  flow: r.flow,
  state: 'update',
  proto: 'tcp',
  app: r.kind,
  status: 'open',
  start: r.ts - 900,
  end: r.ts + 40_000,
  hs_us: 412,
  syn_us: 310,
  ack_us: 102,
  ...(r.kind === 'tls' ? { tls_us: r.hs_us } : {}),
  rtt: { min: 290, p50: 350, max: 900 },
  verdict: r.verdict ?? { code: 'plaintext', why: 'no TLS' },
  c: side(1_240),
  s: side(8_394),
})
