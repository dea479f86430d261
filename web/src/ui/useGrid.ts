/** Joins a grid, which knows no React, to one list and to the console: the route, the clock. */

import { type RefObject, useEffect, useRef } from 'react'
import { Grid, type GridEvents } from '../grid/grid'
import type { Identity } from '../grid/marks'
import type { Route } from '../lib/route'
import { type Query, type RowList, readRange } from '../wire/list'
import { useConsole } from './console'

/** An open pane follows the cursor, once it rests. */
const REST_MS = 140

/** What a view gives a grid. */
export interface GridUse {
  /** What of a route makes the list another one, for which cursor and marks begin anew. */
  listOf(route: Route): string
  open(row: Identity): void
  /** What Enter does where it is more than to open. */
  enter?(row: Identity): void
  /** The cursor rests on a row. */
  rest(row: Identity): void
  marks(count: number): void
  /** The grid is there, or went. */
  mounted?(grid: Grid | null): void
  tail?: GridEvents['tail']
}

export function useGrid<Q extends Query>(
  host: RefObject<HTMLDivElement | null>,
  list: RowList<Q>,
  use: GridUse,
  events: Pick<GridEvents, 'menu' | 'columnMenu' | 'arranged'>,
): RefObject<Grid | null> {
  const { navigation, socket } = useConsole()
  const grid = useRef<Grid | null>(null)
  const latest = useRef({ ...events, ...use })
  useEffect(() => {
    latest.current = { ...events, ...use }
  })
  useEffect(() => {
    if (host.current === null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const made = new Grid(host.current, list, socket.clock.now, {
      menu: (x, y) => latest.current.menu(x, y),
      columnMenu: (column, x, y) => latest.current.columnMenu(column, x, y),
      arranged: (change, done) => latest.current.arranged(change, done),
      open: (row) => latest.current.open(row),
      enter: (row) => (latest.current.enter ?? latest.current.open)(row),
      cursor: (row) => {
        clearTimeout(timer)
        if (row !== null) timer = setTimeout(() => latest.current.rest(row), REST_MS)
      },
      sort: (column, additive) => navigation.go({ sort: nextSort(navigation.route.get().sort, column, additive) }),
      marks: (count) => latest.current.marks(count),
      read: (at, len) => readRange(socket, list.query, at, Math.min(len, 1000)),
      tail: (state) => latest.current.tail?.(state),
    })
    grid.current = made
    latest.current.mounted?.(made)
    let before = latest.current.listOf(navigation.route.get())
    const unwatch = navigation.route.watch(() => {
      const now = latest.current.listOf(navigation.route.get())
      if (now === before) return
      before = now
      made.reset()
    })
    const ticker = setInterval(made.draw, 1000)
    made.element.focus({ preventScroll: true })
    return () => {
      clearTimeout(timer)
      clearInterval(ticker)
      unwatch()
      made.destroy()
      latest.current.mounted?.(null)
      grid.current = null
    }
  }, [navigation, socket, list, host])
  return grid
}

/** One click sorts upwards, the next downwards, the third not at all; with Shift the others stay. */
export function nextSort(sort: Route['sort'], column: string, additive: boolean): Route['sort'] {
  const now = sort.find((item) => item.column === column)
  const others = additive ? sort.filter((item) => item.column !== column) : []
  if (now === undefined) return [...others, { column, descending: false }]
  return now.descending ? others : [...others, { column, descending: true }]
}
