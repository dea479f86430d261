import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { arrange } from '../grid/columns'
import type { Grid } from '../grid/grid'
import type { Query, RowList } from '../wire/list'
import { columnItems } from './columnItems'
import { useCommands } from './commands'
import { useConsole, useRoute, useStore } from './console'
import { type CommandTable, gridCommands } from './gridCommands'
import css from './gridView.module.css'
import { type Item, type Place, PlacedMenu } from './Menu'
import { useArrangement } from './useArrangement'
import { type GridUse, useGrid } from './useGrid'

/** States of a source in which its rows are those of before. */
const OLD: readonly string[] = ['stale', 'unreachable', 'connecting']

interface OpenMenu {
  place: Place
  /** A heading's menu, or the row's when null. */
  column: string | null
}

interface Props<Q extends Query> extends GridUse {
  list: RowList<Q>
  /** Under which its columns are remembered. */
  name: string
  label: string
  scope: 'table' | 'traffic' | 'workspaces'
  /** The menu of the row under the cursor. */
  items: () => Item[]
  /** What the keys do here beside what they do on every grid. */
  commands: (grid: () => Grid | null) => CommandTable
  /** Over the rows while there are none. */
  children?: ReactNode
}

/** A grid of one list with its menus; rows of kinds, taps and records are shown by it. */
export function GridView<Q extends Query>({ list, name, label, scope, items, commands, children, ...use }: Props<Q>) {
  const console = useConsole()
  const route = useRoute()
  const head = useStore(list.head)
  const link = useStore(console.socket.link)
  const host = useRef<HTMLDivElement>(null)
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  const [wide, setWide] = useState(false)
  const [arrangement, setArrangement] = useArrangement(name)
  const shown = useMemo(() => arrange(head.columns, arrangement, wide), [head.columns, arrangement, wide])

  const grid = useGrid(host, list, use, {
    menu: (x, y) => setMenu({ place: { x, y }, column: null }),
    columnMenu: (column, x, y) => setMenu({ place: { x, y }, column }),
    arranged: (change, done) => setArrangement(change, done),
  })
  const here = () => grid.current
  useCommands(console.commands, {
    ...gridCommands(console, list, here, shown),
    wide: () => setWide(!wide),
    ...commands(here),
  })

  useEffect(
    () => grid.current?.columns(shown, route.sort, arrangement.widths),
    [grid, shown, route.sort, arrangement.widths],
  )
  useEffect(() => {
    const lost = link.is === 'lost' || link.is === 'refused'
    const old = head.sources.map(({ state }) => lost || OLD.includes(state.is))
    grid.current?.old((row) => lost || old[row[1]] === true)
  }, [grid, head.sources, link.is])
  useEffect(() => {
    host.current?.setAttribute('aria-label', label)
  }, [label])

  const close = () => {
    setMenu(null)
    grid.current?.element.focus({ preventScroll: true })
  }
  const entries = () => {
    if (menu === null) return []
    if (menu.column === null) return items()
    return columnItems(console, head.columns, shown, arrangement, menu.column, wide, (change) =>
      setArrangement(change, true),
    )
  }
  return (
    <div className={css.view}>
      <div ref={host} className={css.host} data-scope={scope} data-ready={head.ready} />
      {children}
      <PlacedMenu
        at={menu?.place ?? null}
        heading={menu?.column === null ? title(grid.current) : 'Columns'}
        items={entries()}
        onClose={close}
      />
    </div>
  )
}

function title(grid: Grid | null): string {
  const rows = grid?.chosen() ?? []
  return rows.length > 1 ? `${rows.length} marked rows` : (rows[0]?.name ?? '')
}
