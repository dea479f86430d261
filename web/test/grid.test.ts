import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { arrange, fitted, moved } from '../src/grid/columns'
import { Grid, type GridEvents } from '../src/grid/grid'
import type { Column, Row, ServerFrame } from '../src/wire/api'
import { RowList } from '../src/wire/list'
import { Socket } from '../src/wire/socket'

const column = (id: string, type: Column['type'] = 'text', more: Partial<Column> = {}): Column => ({
  id,
  title: id,
  type,
  wide: false,
  extra: false,
  absent: '',
  width: 10,
  help: '',
  ...more,
})
const COLUMNS = [
  column('name'),
  column('status', 'status'),
  column('age', 'age'),
  column('ip', 'text', { wide: true }),
  column('cpu', 'milli_cpu'),
]
const NOW = 1_700_000_000_000
const row = (key: number, name = `pod-${key}`): Row => [
  key,
  0,
  'ns',
  name,
  [name, ['Running', 1], NOW - key * 1000, null, key],
]

let list: RowList
let grid: Grid
let host: HTMLElement
const events = (): GridEvents => ({
  cursor: vi.fn(),
  open: vi.fn(),
  enter: vi.fn(),
  menu: vi.fn(),
  marks: vi.fn(),
  sort: vi.fn(),
  arranged: vi.fn(),
  columnMenu: vi.fn(),
  read: vi.fn(async () => []),
})
let heard: GridEvents
const say = (frame: ServerFrame) => list.receive(frame)
const frame = () => vi.advanceTimersByTime(40)
const cells = (index: number) =>
  [...(host.querySelector(`#row-${index}`)?.children ?? [])].map((cell) => cell.textContent)

beforeEach(() => {
  vi.useFakeTimers()
  const socket = new Socket({
    open: () => {
      throw new Error('not here')
    },
    painted: () => {},
    signedIn: async () => true,
  })
  list = new RowList(socket, { kind: 'pods', clusters: ['dev'], namespaces: [], filter: '', sort: [], at: 0, len: 120 })
  host = document.createElement('div')
  Object.defineProperty(host, 'clientHeight', { value: 28 * 11 })
  document.body.append(host)
  heard = events()
  grid = new Grid(host, list, () => NOW, heard)
  grid.columns(arrange(COLUMNS, { order: [], visible: {}, widths: {} }, false), [{ column: 'name', descending: true }])
  const rows = Array.from({ length: 120 }, (_, at) => row(at + 1))
  say({ snap: { id: 1, seq: 1, total: 150_000, at: 0, columns: COLUMNS, sources: [], rows } })
  frame()
})
afterEach(() => {
  grid.destroy()
  host.remove()
  vi.useRealTimers()
})

describe('EXF-08a an object that could be read only in part', () => {
  const signs = () =>
    [...host.querySelectorAll('[role=img]')].map((sign) => [
      sign.parentElement?.parentElement?.id,
      sign.getAttribute('aria-label'),
    ])
  const delta = (seq: number, more: object) =>
    say({ delta: { id: 1, seq, total: 150_000, at: 0, ...more } } as ServerFrame)

  test('keeps its row, with a sign that says why, and loses the sign when it is whole again', () => {
    delta(2, { marks: [[3, 'the bytes end too early']] })
    frame()
    expect(signs()).toEqual([['row-2', 'read only in part: the bytes end too early']])
    expect(cells(2)[0]).toBe('▲pod-3')
    expect(host.querySelectorAll('[role=row]:not([hidden])').length).toBeGreaterThan(10)
    delta(3, { cells: [[3, [[0, 'pod-3b']]]] })
    frame()
    expect(cells(2)[0]).toBe('▲pod-3b')
    delta(4, { marks: [] })
    frame()
    expect(signs()).toEqual([])
    expect(cells(2)[0]).toBe('pod-3b')
  })

  test('the sign goes with its object, not with its place', () => {
    delta(2, { marks: [[1, 'cut']] })
    frame()
    const order = [2, 1, ...Array.from({ length: 118 }, (_, at) => at + 3)]
    delta(3, { order })
    frame()
    expect(signs()).toEqual([['row-1', 'read only in part: cut']])
  })
})

describe('EX-99b the grid for assistive technology', () => {
  test('counts the full set and names its place in it', () => {
    expect(host.getAttribute('role')).toBe('grid')
    expect(host.getAttribute('aria-rowcount')).toBe('150001')
    expect(host.querySelector('#row-0')?.getAttribute('aria-rowindex')).toBe('2')
    expect(host.querySelectorAll('[tabindex]').length).toBe(0)
    expect(host.getAttribute('aria-activedescendant')).toBe('row-0')
    expect(host.querySelector('[data-column=name]')?.getAttribute('aria-sort')).toBe('descending')
  })
  test('headings are reached from the first row and sort', () => {
    grid.moveBy(-1)
    grid.sideways(1)
    frame()
    expect(host.getAttribute('aria-activedescendant')).toBe('column-1')
    grid.enter()
    expect(heard.sort).toHaveBeenCalledWith('status', false)
  })
})

describe('EX-81c the grid', () => {
  test('draws only what is seen, the age last', () => {
    expect(host.querySelectorAll('[role=row]').length).toBeLessThan(40)
    expect(cells(0)).toEqual(['pod-1', '●Running', '1m', '1s'])
  })
  test('EX-92b End goes to the last of 150,000 rows and moves the window there', () => {
    const move = vi.spyOn(list, 'move')
    grid.last()
    frame()
    expect(move).toHaveBeenCalled()
    const [at, len] = move.mock.calls.at(-1) ?? [0, 0]
    expect(at + len).toBe(150_000)
    expect(host.getAttribute('aria-activedescendant')).toBe('row-149999')
  })
  test('EXD-23 a changed cell touches that cell and glows once', () => {
    const before = [...host.querySelectorAll('#row-4 [role=gridcell]')]
    const texts: string[] = []
    const observer = new MutationObserver((records) => texts.push(...records.map((record) => record.type)))
    observer.observe(host, { subtree: true, characterData: true, childList: true })
    say({ delta: { id: 1, seq: 2, total: 150_000, at: 0, cells: [[5, [[4, 999]]]] } })
    frame()
    observer.disconnect()
    expect(cells(4)).toEqual(['pod-5', '●Running', '999m', '5s'])
    expect([...host.querySelectorAll('#row-4 [role=gridcell]')]).toEqual(before)
    expect(host.querySelector('#row-4')?.children[2]?.className).toContain('glow')
    expect(host.querySelector('#row-4')?.children[0]?.className).not.toContain('glow')
  })
  test('the cursor stays on its object while rows move around it', () => {
    grid.moveTo(3)
    const order = [9, 8, 7, 6, 5, 4, 3, 2, 1]
    say({ delta: { id: 1, seq: 2, total: 9, at: 0, order } })
    frame()
    expect(grid.cursor()?.[0]).toBe(4)
    expect(host.getAttribute('aria-activedescendant')).toBe('row-5')
  })
  test('EX-94b marks survive the window and name their objects', async () => {
    grid.toggleMark()
    grid.moveTo(3, false)
    await grid.markRange()
    expect(grid.chosen().map((item) => item.name)).toEqual(['pod-1', 'pod-2', 'pod-3', 'pod-4'])
    say({ delta: { id: 1, seq: 2, total: 150_000, at: 500, order: [600], rows: [row(600)] } })
    expect(grid.chosen().length).toBe(4)
  })
  test('EXF-28c hostile names are text', () => {
    say({ delta: { id: 1, seq: 2, total: 150_000, at: 0, cells: [[1, [[0, '<img src=x onerror=alert(1)>']]]] } })
    frame()
    expect(host.querySelector('img')).toBeNull()
    expect(host.querySelector('#row-0')?.textContent).toContain('<img')
  })
  test('columns hide, move and keep their widths', () => {
    const kept = arrange(
      COLUMNS,
      { order: ['age', 'name'], visible: { ip: true, cpu: false }, widths: { name: 400 } },
      false,
    )
    expect(kept.map((item) => item.column.id)).toEqual(['age', 'name', 'status', 'ip'])
    expect(kept[1]?.width).toBe(400)
    expect(moved(kept, 'status', 0)).toEqual(['status', 'age', 'name', 'ip'])
  })
})

describe('EX-81c columns in the room there is', () => {
  const all = arrange(COLUMNS, { order: [], visible: {}, widths: {} }, false)
  const sum = (columns: readonly { width: number }[]) => columns.reduce((total, { width }) => total + width, 0)
  const width = (columns: ReturnType<typeof fitted>, id: string) =>
    columns.find(({ column }) => column.id === id)?.width

  test('spare room goes to words, up to a limit, and numbers stay as they are', () => {
    const wide = fitted(all, sum(all) + 60, {})
    expect(sum(wide)).toBeCloseTo(sum(all) + 60, -1)
    for (const [at, item] of wide.entries()) {
      if (item.right) expect(item.width).toBe(all[at]?.width)
    }
    const wider = fitted(all, 10_000, {})
    expect(sum(wider)).toBeLessThan(10_000)
    expect(width(wider, 'name')).toBeGreaterThan((width(all, 'name') ?? 0) * 2)
  })

  test('too little room takes a bounded part of words, and a chosen width stays', () => {
    const narrow = fitted(all, 100, {})
    expect(width(narrow, 'name')).toBe(Math.round((width(all, 'name') ?? 0) * 0.75))
    expect(width(fitted(all, 100, { name: 1 }), 'name')).toBe(width(all, 'name'))
  })
})

test('EX-84b the first row of a list tells nothing: an object that was asked for stays open', () => {
  const told = vi.spyOn(heard, 'cursor')
  grid.reset()
  frame()
  expect(told).not.toHaveBeenCalled()
  grid.moveBy(1)
  frame()
  expect(told).toHaveBeenCalled()
})

describe('CAP-60e a list that grows', () => {
  const grow = (seq: number, total: number) => {
    const { at } = list.query
    const rows = Array.from({ length: Math.min(list.query.len, total - at) }, (_, step) => row(at + step + 1))
    say({ delta: { id: 1, seq, total, at, order: rows.map((item) => item[0]), rows } })
    frame()
  }
  const shown = () =>
    [...host.querySelectorAll<HTMLElement>('[role=row][aria-rowindex]')]
      .filter((element) => !element.hidden && element.querySelector('[role=gridcell]'))
      .map((element) => Number(element.getAttribute('aria-rowindex')) - 1)

  test('followed, its newest row is drawn and asked for, and no row is the current one', () => {
    grid.follow(true)
    frame()
    grow(2, 150_000)
    grow(3, 150_040)
    expect(Math.max(...shown())).toBe(150_040)
    const { at, len } = list.query
    expect(at).toBeLessThan(150_020)
    expect(at + len).toBeGreaterThan(150_040)
    expect(host.getAttribute('aria-activedescendant')).toBeNull()
  })
  test('a row that somebody goes to ends that, and stays where it is', () => {
    grid.follow(true)
    frame()
    grow(2, 150_000)
    grid.moveBy(-1)
    frame()
    const before = [Math.min(...shown()), host.scrollTop]
    grow(3, 150_100)
    expect([Math.min(...shown()), host.scrollTop]).toEqual(before)
    expect(host.getAttribute('aria-activedescendant')).toBe('row-149999')
  })
  test('frozen, it keeps its length until it is followed again', () => {
    grid.follow(true)
    frame()
    grid.freeze(true)
    grow(2, 150_100)
    expect(grid.total).toBe(150_000)
    grid.follow(true)
    expect(grid.total).toBe(150_100)
  })
})
