/** Commands of the table: what its keys, its menus and the palette run. */

import type { RefObject } from 'react'
import type { Shown } from '../../grid/columns'
import type { Grid } from '../../grid/grid'
import { display } from '../../lib/cell'
import type { Tab } from '../../lib/route'
import { tsv } from '../../lib/text'
import { obstacle } from '../../ui/acts'
import { copy } from '../../ui/clipboard'
import { type Command, useCommands } from '../../ui/commands'
import { type Console, useConsole } from '../../ui/console'
import type { Act, Row } from '../../wire/api'
import { readRange } from '../../wire/list'
import { nextSort } from './useGrid'

const MOST = 1000
const SORTS = ['name', 'age', 'status', 'ready', 'cpu', 'memory', 'node', 'restarts'] as const

export function useTableCommands(grid: RefObject<Grid | null>, shown: readonly Shown[], toggleWide: () => void): void {
  const console = useConsole()
  const { navigation, list } = console
  const on = (run: (grid: Grid) => void) => () => {
    if (grid.current !== null) run(grid.current)
  }
  const open = (tab: Tab) => () => {
    const [object] = console.chosen()
    if (object !== undefined) navigation.go({ object, tab })
  }
  useCommands(console.commands, {
    'move.down': on((at) => at.moveBy(1)),
    'move.up': on((at) => at.moveBy(-1)),
    'move.first': on((at) => at.first()),
    'move.last': on((at) => at.last()),
    'move.pageDown': on((at) => at.page(1)),
    'move.pageUp': on((at) => at.page(-1)),
    'move.left': on((at) => at.sideways(-1)),
    'move.right': on((at) => at.sideways(1)),
    open: on((at) => at.enter()),
    'open.overview': open('overview'),
    'open.yaml': open('yaml'),
    'open.events': open('events'),
    menu: on((at) => at.menu()),
    'table.focus': on((at) => at.element.focus({ preventScroll: true })),
    escape: on((at) => goBack(console, at)),
    mark: on((at) => at.toggleMark()),
    'mark.range': on((at) => void at.markRange()),
    'mark.all': {
      run: on((at) => void at.markRange(list.head.get().total - 1, 0)),
      reason: () => (list.head.get().total > MOST ? `more than ${MOST} rows: filter first` : null),
    },
    wide: toggleWide,
    'copy.name': () => {
      const names = console.chosen().map((object) => object.name)
      const open = navigation.route.get().object?.name
      copy(
        console,
        names.length > 0 ? names.join('\n') : (open ?? ''),
        names.length === 1 ? (names[0] ?? '') : `${names.length} names`,
      )
    },
    'copy.rows': on((at) => void copyRows(console, at, shown)),
    'act.delete': act(console, 'delete'),
    'act.scale': act(console, 'scale'),
    'act.restart': act(console, 'restart'),
    ...Object.fromEntries(
      SORTS.map((column): [string, Command] => [
        `sort.${column}`,
        {
          run: () => navigation.go({ sort: nextSort(navigation.route.get().sort, column, false) }),
          reason: () => (list.head.get().columns.some(({ id }) => id === column) ? null : `no column ${column} here`),
        },
      ]),
    ),
  })
}

function act(console: Console, act: Act['act']): Command {
  return {
    run: () => console.plan(act, console.chosen()),
    reason: () => obstacle(console, console.kind(), act, console.chosen()),
  }
}

/** Esc goes back one step at a time: pane, marks, filter. */
function goBack(console: Console, grid: Grid): void {
  const { object, filter } = console.navigation.route.get()
  if (object !== null) console.navigation.go({ object: null })
  else if (grid.marks.size > 0) grid.unmark()
  else if (filter !== '') console.commands.run('filter.clear')
}

async function copyRows(console: Console, grid: Grid, shown: readonly Shown[]): Promise<void> {
  const { list, socket } = console
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
