/** What the keys of every grid do: moving, marking, copying. A view adds what is its own. */

import type { Shown } from '../grid/columns'
import type { Grid } from '../grid/grid'
import { display } from '../lib/cell'
import { tsv } from '../lib/text'
import type { Row } from '../wire/api'
import { type Query, type RowList, readRange } from '../wire/list'
import { copy } from './clipboard'
import type { Command } from './commands'
import type { Console } from './console'
import { nextSort } from './useGrid'

const MOST = 1000
const SORTS = ['name', 'age', 'status', 'ready', 'cpu', 'memory', 'node', 'restarts'] as const

export type CommandTable = Record<string, (() => void) | Command>

/** `grid` gives the grid of the moment in which a key is pressed. */
export function gridCommands<Q extends Query>(
  console: Console,
  list: RowList<Q>,
  grid: () => Grid | null,
  shown: readonly Shown[],
): CommandTable {
  const on = (run: (grid: Grid) => void) => () => {
    const here = grid()
    if (here !== null) run(here)
  }
  return {
    'move.down': on((at) => at.moveBy(1)),
    'move.up': on((at) => at.moveBy(-1)),
    'move.first': on((at) => at.first()),
    'move.last': on((at) => at.last()),
    'move.pageDown': on((at) => at.page(1)),
    'move.pageUp': on((at) => at.page(-1)),
    'move.left': on((at) => at.sideways(-1)),
    'move.right': on((at) => at.sideways(1)),
    open: on((at) => at.enter()),
    menu: on((at) => at.menu()),
    'table.focus': on((at) => at.element.focus({ preventScroll: true })),
    mark: on((at) => at.toggleMark()),
    'mark.range': on((at) => void at.markRange()),
    'mark.all': {
      run: on((at) => void at.markRange(list.head.get().total - 1, 0)),
      reason: () => (list.head.get().total > MOST ? `more than ${MOST} rows: filter first` : null),
    },
    'copy.rows': on((at) => void copyRows(console, list, at, shown)),
    ...Object.fromEntries(
      SORTS.map((column): [string, Command] => [
        `sort.${column}`,
        {
          run: () => console.navigation.go({ sort: nextSort(console.navigation.route.get().sort, column, false) }),
          reason: () => (list.head.get().columns.some(({ id }) => id === column) ? null : `no column ${column} here`),
        },
      ]),
    ),
  }
}

async function copyRows<Q extends Query>(
  console: Console,
  list: RowList<Q>,
  grid: Grid,
  shown: readonly Shown[],
): Promise<void> {
  const { socket } = console
  const cursor = grid.cursor()
  let rows: readonly Row[] = cursor === undefined ? [] : [cursor]
  if (grid.marks.size > 0) {
    const { total } = list.head.get()
    const all = total <= MOST ? await readRange(socket, list.query, 0, Math.max(1, total)) : [...list.rows()]
    rows = all.filter((row) => grid.marks.has(row[0]))
  }
  const now = socket.clock.now()
  const lines = rows.map((row) =>
    tsv(shown.map(({ column, index }) => display(row[4][index] ?? null, column.type, now))),
  )
  const text = [tsv(shown.map(({ column }) => column.title)), ...lines].join('\n')
  copy(console, text, rows.length === 1 ? '1 row' : `${rows.length} rows`)
}
