import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ClientFrame, Row, ServerFrame } from '../src/wire/api'
import { RowList } from '../src/wire/list'
import { Socket, type SocketLike } from '../src/wire/socket'

class Fake implements SocketLike {
  onopen: SocketLike['onopen'] = null
  onmessage: SocketLike['onmessage'] = null
  onclose: SocketLike['onclose'] = null
  sent: ClientFrame[] = []
  closed = false
  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame)
  }
  close(): void {
    this.closed = true
  }
  open(epoch = 1): void {
    this.onopen?.(new Event('open'))
    this.say({ hello: { epoch, now_ms: Date.now() + 60_000, max_views: 50 } })
  }
  say(frame: ServerFrame): void {
    this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(frame) }))
  }
  drop(): void {
    this.onclose?.(new CloseEvent('close'))
  }
}

let fakes: Fake[]
let paint: Array<() => void>
let known: boolean
const make = () =>
  new Socket({
    open: () => {
      const fake = new Fake()
      fakes.push(fake)
      return fake
    },
    painted: (then) => paint.push(then),
    signedIn: async () => known,
  })
const last = () => fakes.at(-1) as Fake
const query = { kind: 'pods', clusters: ['dev'], namespaces: [], filter: '', sort: [], at: 0, len: 50 }
const row = (key: number, name = `pod-${key}`): Row => [key, 0, 'ns', name, [name, [1, 1]]]
const snap = (seq: number, rows: Row[], at = 0): ServerFrame => ({
  snap: { id: 1, seq, total: 100, at, columns: [], sources: [], rows },
})

beforeEach(() => {
  vi.useFakeTimers()
  fakes = []
  paint = []
  known = true
})
afterEach(() => vi.useRealTimers())

describe('EXF-26c the socket comes back', () => {
  test('and resumes each subscription where it stopped', async () => {
    const socket = make()
    const list = new RowList(socket, query).open()
    socket.connect()
    last().open(7)
    expect(last().sent).toEqual([{ sub: { id: 1, what: { rows: query } } }])
    last().say(snap(4, [row(1), row(2)]))
    last().say({ delta: { id: 1, seq: 5, total: 100, at: 0, cells: [[2, [[0, 'renamed']]]] } })
    last().drop()
    expect(socket.link.get().is).toBe('lost')
    expect([...list.rows()].length).toBe(2)
    await vi.advanceTimersByTimeAsync(1000)
    expect(fakes.length).toBe(2)
    last().open(7)
    expect(last().sent).toEqual([{ sub: { id: 1, what: { rows: query }, resume: { epoch: 7, seq: 5 } } }])
    expect(socket.link.get()).toEqual({ is: 'live' })
  })

  test('EX-03a with growing pauses of at most 30 s and jitter, and at once when asked', async () => {
    const socket = make()
    socket.connect()
    const waits: number[] = []
    for (let round = 0; round < 12; round++) {
      last().drop()
      const link = socket.link.get()
      if (link.is !== 'lost') throw new Error('expected a lost link')
      waits.push(link.retryAtMs - socket.clock.now())
      await vi.advanceTimersByTimeAsync(40_000)
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(37_500)
    expect(waits[0]).toBeLessThan(1000)
    expect(waits.at(-1)).toBeGreaterThan(20_000)
    last().drop()
    const before = fakes.length
    socket.reconnect()
    expect(fakes.length).toBe(before + 1)
  })

  test('and dials no more while the server does not know us, then goes on', async () => {
    const socket = make()
    socket.connect()
    known = false
    last().drop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(socket.link.get().is).toBe('refused')
    expect(fakes.length).toBe(1)
    known = true
    await vi.advanceTimersByTimeAsync(40_000)
    expect(fakes.length).toBe(2)
  })
})

describe('EXD-16 one socket, and no queue', () => {
  test('frames are acknowledged after the paint, the latest of each subscription once', () => {
    const socket = make()
    new RowList(socket, query).open()
    new RowList(socket, { ...query, kind: 'nodes' }).open()
    socket.connect()
    last().open()
    last().say(snap(1, [row(1)]))
    last().say({ delta: { id: 1, seq: 2, total: 100, at: 0 } })
    expect(fakes.length).toBe(1)
    expect(last().sent.some((frame) => 'ack' in frame)).toBe(false)
    expect(paint.length).toBe(1)
    paint[0]?.()
    expect(last().sent.filter((frame) => 'ack' in frame)).toEqual([{ ack: { id: 1, seq: 2 } }])
  })
})

describe('EXD-23 deltas', () => {
  test('any run of deltas leaves the window that a snapshot would show', () => {
    const socket = make()
    const list = new RowList(socket, query).open()
    socket.connect()
    last().open()
    let seed = 7
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return (seed >>> 8) % below
    }
    const truth = new Map<number, Row>()
    let order: number[] = []
    for (let key = 1; key <= 20; key++) {
      truth.set(key, row(key))
      order.push(key)
    }
    last().say(snap(1, structuredClone([...truth.values()])))
    let next = 21
    for (let seq = 2; seq < 400; seq++) {
      const cells: Array<[number, Array<[number, string]>]> = []
      const rows: Row[] = []
      const changed = order[random(order.length)] as number
      const text = `v${seq}`
      ;(truth.get(changed) as Row)[4][0] = text
      cells.push([changed, [[0, text]]])
      const reorder = random(3) === 0
      if (reorder) {
        const gone = order.splice(random(order.length), 1)[0] as number
        truth.delete(gone)
        const fresh = row(next++)
        truth.set(fresh[0], structuredClone(fresh))
        rows.push(fresh)
        order.splice(random(order.length), 0, fresh[0])
        order = [...order]
      }
      const alive = cells.filter(([key]) => truth.has(key))
      last().say({ delta: { id: 1, seq, total: 100, at: 0, cells: alive, ...(reorder ? { order, rows } : {}) } })
    }
    expect([...list.rows()]).toEqual(order.map((key) => truth.get(key)))
    expect(list.indexOf(order[3] as number)).toBe(3)
  })

  test('EX-81e a filter keeps the old rows until the new ones are here; another kind does not', () => {
    const socket = make()
    const list = new RowList(socket, query).open()
    socket.connect()
    last().open()
    last().say(snap(1, [row(1)]))
    list.show({ ...query, filter: 'x' })
    expect([...list.rows()].length).toBe(1)
    expect(last().sent.slice(-2)).toEqual([
      { unsub: { id: 1 } },
      { sub: { id: 2, what: { rows: { ...query, filter: 'x' } } } },
    ])
    list.show({ ...query, kind: 'nodes' })
    expect([...list.rows()].length).toBe(0)
    expect(list.head.get().ready).toBe(false)
  })

  test('EX-91 an error ends the list and keeps its rows', () => {
    const socket = make()
    const list = new RowList(socket, query).open()
    socket.connect()
    last().open()
    last().say(snap(1, [row(1)]))
    last().say({ end: { id: 1, error: { code: 'query_syntax', message: 'no', request_id: '' } } })
    expect(list.head.get().error?.code).toBe('query_syntax')
    expect([...list.rows()].length).toBe(1)
  })
})

test('EXF-26c a server that begins anew takes no row away before it has others', () => {
  const socket = make()
  const list = new RowList(socket, query).open()
  socket.connect()
  last().open(1)
  last().say(snap(1, [row(1), row(2)]))
  last().drop()
  socket.reconnect()
  last().open(2)
  const loading = [{ cluster: 'dev', state: { is: 'loading' as const, loaded: 0 } }]
  last().say({ snap: { id: 1, seq: 1, total: 0, at: 0, columns: [], sources: loading, rows: [] } })
  expect([...list.rows()].length).toBe(2)
  expect(list.head.get().total).toBe(100)
  last().say({ delta: { id: 1, seq: 2, total: 1, at: 0, order: [7], rows: [row(7)] } })
  expect([...list.rows()].map(([key]) => key)).toEqual([7])
  last().say({ snap: { id: 1, seq: 3, total: 0, at: 0, columns: [], sources: loading, rows: [] } })
  last().say({ delta: { id: 1, seq: 4, total: 0, at: 0, sources: [{ cluster: 'dev', state: { is: 'live' } }] } })
  expect([...list.rows()]).toEqual([])
  expect(list.head.get().total).toBe(0)
})

test('EXF-28f ages follow the server’s clock', () => {
  const socket = make()
  socket.connect()
  last().open()
  expect(socket.clock.skew()).toBe(-60_000)
  expect(socket.clock.now()).toBe(Date.now() + 60_000)
})
