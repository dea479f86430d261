/** Joins the grid, which knows no React, to the console: its list, the route, the marks, the clock. */

import { type RefObject, useEffect, useRef } from 'react'
import { Grid, type GridEvents } from '../../grid/grid'
import type { Identity } from '../../grid/marks'
import type { Route } from '../../lib/route'
import { type Console, useConsole } from '../../ui/console'
import type { ObjectRef } from '../../wire/api'
import { readRange } from '../../wire/list'

const FOLLOW_MS = 140

export function useGrid(
  host: RefObject<HTMLDivElement | null>,
  events: Pick<GridEvents, 'menu' | 'columnMenu' | 'arranged'>,
): RefObject<Grid | null> {
  const console = useConsole()
  const grid = useRef<Grid | null>(null)
  const latest = useRef(events)
  useEffect(() => {
    latest.current = events
  })
  useEffect(() => {
    if (host.current === null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const { navigation, list, socket } = console
    const made = new Grid(host.current, list, socket.clock.now, {
      menu: (x, y) => latest.current.menu(x, y),
      columnMenu: (column, x, y) => latest.current.columnMenu(column, x, y),
      arranged: (change, done) => latest.current.arranged(change, done),
      open: (row) => navigation.go({ object: selected(console, row), tab: navigation.route.get().tab }),
      // An open pane follows the cursor, once it rests.
      cursor: (row) => {
        clearTimeout(timer)
        if (row === null || navigation.route.get().object === null) return
        timer = setTimeout(() => {
          if (navigation.route.get().object !== null) navigation.refine({ object: selected(console, row) })
        }, FOLLOW_MS)
      },
      sort: (column, additive) => navigation.go({ sort: nextSort(navigation.route.get().sort, column, additive) }),
      marks: (count) => console.marked.set(count),
      read: (at, len) => readRange(socket, list.query, at, Math.min(len, 1000)),
    })
    grid.current = made
    console.chosen = () => made.chosen().map((row) => reference(console, row))
    let before = listOf(navigation.route.get())
    const unwatch = navigation.route.watch(() => {
      const now = listOf(navigation.route.get())
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
      console.chosen = () => []
      grid.current = null
    }
  }, [console, host])
  return grid
}

/** One click sorts upwards, the next downwards, the third not at all; with Shift the others stay. */
export function nextSort(sort: Route['sort'], column: string, additive: boolean): Route['sort'] {
  const now = sort.find((item) => item.column === column)
  const others = additive ? sort.filter((item) => item.column !== column) : []
  if (now === undefined) return [...others, { column, descending: false }]
  return now.descending ? others : [...others, { column, descending: true }]
}

export function reference(console: Console, row: Identity): ObjectRef {
  const cluster = console.list.head.get().sources[row.source]?.cluster ?? console.inView()[0] ?? ''
  return { cluster, kind: console.list.query.kind, namespace: row.namespace, name: row.name }
}

function selected(console: Console, row: Identity): { cluster: string; namespace: string; name: string } {
  const { cluster, namespace, name } = reference(console, row)
  return { cluster, namespace, name }
}

/** What makes a list another one, for which cursor and marks begin anew. */
function listOf({ kind, clusters, namespaces, filter }: Route): string {
  return JSON.stringify([kind, clusters, namespaces, filter])
}
