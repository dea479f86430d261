// A development server that speaks the console's protocol with synthetic objects: `npm run mock [-- --pods N]`.
// For looking at the console without a cluster, and for nothing else.
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { WebSocketServer } from 'ws'
import { CLUSTERS, columns, error, objects, random } from './mock/data.mjs'
import { rest } from './mock/rest.mjs'
import { list } from './mock/taps.mjs'
import { events, COLUMNS as WORKSPACE_COLUMNS, rows as workspaces } from './mock/workspaces.mjs'

const pods = Number(process.argv[process.argv.indexOf('--pods') + 1] || 150_000) || 150_000
const port = Number(process.env.MOCK_PORT ?? 5099)
const WORKSPACES = 'workspaces.quarterdeck.dev'
const columnsOf = (kind) => (kind === WORKSPACES ? WORKSPACE_COLUMNS : columns(kind))
const tables = new Map()
const table = (cluster, kind) => {
  const id = `${cluster}/${kind}`
  if (!tables.has(id))
    tables.set(
      id,
      cluster === 'empty'
        ? []
        : kind === WORKSPACES
          ? workspaces()
          : objects(kind, cluster === 'prod-eu' && kind === 'pods' ? pods : 24),
    )
  return tables.get(id)
}
const dist = new URL('../dist', import.meta.url).pathname
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}
const csp =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://x')
  if (/^\/api\/v1\/workspaces\/.*\/events$/.test(url.pathname)) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const [type, data] of events(url.pathname)) response.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
    return
  }
  if (url.pathname.startsWith('/api/')) {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const [status, body] = rest(request.method, url, text ? JSON.parse(text) : null)
      setTimeout(
        () =>
          response
            .writeHead(status, { 'content-type': 'application/json' })
            .end(body === null ? '' : JSON.stringify(body)),
        60,
      )
    })
    return
  }
  const file = join(dist, url.pathname === '/' ? 'index.html' : url.pathname)
  if (!existsSync(file)) return response.writeHead(404).end()
  response.writeHead(200, {
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'content-security-policy': csp,
    // as the real one: what has its hash in its name stays
    'cache-control': url.pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store',
  })
  createReadStream(file).pipe(response)
})

const value = (cell, type) =>
  type === 'age' ? -cell : type === 'ratio' && cell ? cell[0] / (cell[1] || 1) : Array.isArray(cell) ? cell[0] : cell
function run(query) {
  if (query.clusters.includes('staging')) return null
  const cols = columnsOf(query.kind)
  let rows = query.clusters.flatMap((cluster) => table(cluster, query.kind))
  if (query.namespaces.length) rows = rows.filter((row) => query.namespaces.includes(row[2]))
  const word = query.filter
    .replace(/^\//, '')
    .replace(/^where object =.*/, '')
    .toLowerCase()
  if (word)
    rows = rows.filter(
      (row) => row[3].includes(word) || row[4].some((cell) => String(cell).toLowerCase().includes(word)),
    )
  rows = [...rows]
  for (const { column, descending } of query.sort.toReversed()) {
    const at = cols.findIndex((c) => c.id === column)
    const of = at < 0 ? (row) => row[column === 'namespace' ? 2 : 3] : (row) => value(row[4][at], cols[at].type)
    rows.sort((a, b) => {
      const [x, y] = [of(a) ?? '', of(b) ?? '']
      return (x < y ? -1 : x > y ? 1 : 0) * (descending ? -1 : 1)
    })
  }
  return rows
}
const sockets = new WebSocketServer({ server, path: '/api/v1/socket' })
sockets.on('connection', (socket) => {
  const subs = new Map()
  const send = (frame) => socket.send(JSON.stringify(frame))
  send({ hello: { epoch: 7, now_ms: Date.now(), max_views: 50 } })
  const snapList = (id) => {
    const sub = subs.get(id)
    const found = list(sub.query)
    if (found === null) {
      subs.delete(id)
      return send({ end: { id, error: error('not_found', 'there is no such tap') } })
    }
    if (/where\s*$/.test(sub.query.filter)) {
      subs.delete(id)
      const at = sub.query.filter.length
      return send({ end: { id, error: error('query_syntax', 'expected the name of a column', { at, len: 1 }) } })
    }
    const { at, len } = sub.query
    const rows = found.rows.slice(at, at + len)
    sub.total = found.rows.length
    sub.known = new Map(rows.map((row) => [row[0], JSON.stringify(row[4])]))
    send({
      snap: {
        id,
        seq: ++sub.seq,
        total: sub.total,
        at,
        columns: found.columns,
        sources: [{ cluster: 'dev', state: { is: 'live' } }],
        rows,
      },
    })
  }
  /** How many rows each filter chooses, where that moved. */
  const tally = (id) => {
    const sub = subs.get(id)
    const of = (filter) => list({ list: sub.query.list, filter, sort: [] })?.rows.length ?? 0
    const kinds = Object.fromEntries(sub.query.filters.map((filter) => [filter, of(filter)]))
    if (JSON.stringify(kinds) === sub.said) return
    sub.said = JSON.stringify(kinds)
    send({ counts: { id, seq: ++sub.seq, kinds } })
  }
  /** What changed in the window of a list. */
  const step = (id) => {
    const sub = subs.get(id)
    if (sub.tally) return tally(id)
    const found = list(sub.query)
    if (found === null) return
    const { at, len } = sub.query
    const rows = found.rows.slice(at, at + len)
    const known = new Map(rows.map((row) => [row[0], JSON.stringify(row[4])]))
    const fresh = rows.filter((row) => sub.known.get(row[0]) !== known.get(row[0]))
    const same = found.rows.length === sub.total && fresh.length === 0 && known.size === sub.known.size
    if (same && [...known.keys()].join() === [...sub.known.keys()].join()) return
    sub.known = known
    sub.total = found.rows.length
    send({ delta: { id, seq: ++sub.seq, total: sub.total, at, order: rows.map((row) => row[0]), rows: fresh } })
  }
  const snap = (id) => {
    const sub = subs.get(id)
    const { query } = sub
    const denied = query.kind.startsWith('roles')
    const where = query.filter.match(/^\/?where\s+(\S*)$/)
    if (where) {
      subs.delete(id)
      return send({
        end: {
          id,
          error: error('query_syntax', 'expected an operator (= != < > ~ in has)', {
            at: query.filter.length - 1,
            len: 1,
          }),
        },
      })
    }
    sub.rows = run(query) ?? []
    sub.shown = sub.rows.slice(query.at, query.at + query.len)
    const namespaced = query.namespaces.length !== 1 && sub.rows.some((row) => row[2])
    const extra = namespaced
      ? [{ id: 'namespace', title: 'Namespace', type: 'text', wide: false, extra: false, absent: '', width: 16 }]
      : []
    sub.extra = extra.length
    const wire = (row) => [row[0], row[1], row[2], row[3], [...(extra.length ? [row[2]] : []), ...row[4]]]
    sub.wire = wire
    const state = (c) =>
      denied
        ? {
            is: 'denied',
            error: error('rbac_denied', 'you may not list roles', {
              verb: 'list',
              kind: 'roles.rbac.authorization.k8s.io',
              namespace: '',
            }),
          }
        : CLUSTERS.find((x) => x.name === c).state
    send({
      snap: {
        id,
        seq: ++sub.seq,
        total: sub.rows.length,
        at: Math.min(query.at, sub.rows.length),
        columns: [...extra, ...columnsOf(query.kind)],
        sources: query.clusters.map((c) => ({ cluster: c, state: state(c) })),
        rows: sub.shown.map(wire),
      },
    })
  }
  socket.on('message', (data) => {
    const frame = JSON.parse(data)
    if (frame.sub) {
      const { id, what } = frame.sub
      if (what === 'clusters') send({ clusters: { id, seq: 1, clusters: process.env.MOCK_PROBLEM ? [] : CLUSTERS } })
      else if (what.counts)
        send({
          counts: {
            id,
            seq: 1,
            kinds: Object.fromEntries(
              CLUSTERS[0].kinds
                .filter((k) => !k.denied.length)
                .map((k) => [
                  k.id,
                  what.counts.clusters
                    .filter((c) => c !== 'staging')
                    .reduce((sum, c) => sum + table(c, k.id).length, 0),
                ]),
            ),
          },
        })
      else if (what.tally) {
        subs.set(id, { query: what.tally, seq: 0, tally: true, list: true })
        tally(id)
      } else if (what.list) {
        subs.set(id, { query: what.list, seq: 0, list: true })
        snapList(id)
      } else {
        subs.set(id, { query: what.rows, seq: 0 })
        snap(id)
      }
    } else if (frame.move) {
      const sub = subs.get(frame.move.id)
      if (sub?.list) {
        Object.assign(sub.query, { at: frame.move.at, len: frame.move.len })
        step(frame.move.id)
      } else if (sub) {
        Object.assign(sub.query, frame.move)
        const rows = sub.rows.slice(frame.move.at, frame.move.at + frame.move.len)
        const had = new Set(sub.shown.map((r) => r[0]))
        sub.shown = rows
        send({
          delta: {
            id: frame.move.id,
            seq: ++sub.seq,
            total: sub.rows.length,
            at: frame.move.at,
            order: rows.map((r) => r[0]),
            rows: rows.filter((r) => !had.has(r[0])).map(sub.wire),
          },
        })
      }
    } else if (frame.unsub) subs.delete(frame.unsub.id)
  })
  const timer = setInterval(() => {
    for (const [id, sub] of subs) {
      if (sub.list) step(id)
      if (sub.list) continue
      if (sub.query.kind !== 'pods' || !sub.shown?.length) continue
      const row = sub.shown[Math.floor(random() * sub.shown.length)]
      const cpu = Math.floor(random() * 400)
      row[4][9] = cpu
      const cells = [[9 + sub.extra, cpu]]
      if (random() < 0.1) {
        row[4][3] = [(row[4][3][0] ?? 0) + 1, Date.now()]
        cells.push([3 + sub.extra, row[4][3]])
      }
      send({ delta: { id, seq: ++sub.seq, total: sub.rows.length, at: sub.query.at, cells: [[row[0], cells]] } })
    }
  }, 100)
  socket.on('close', () => clearInterval(timer))
})
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`))
