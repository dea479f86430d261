import { useEffect, useMemo, useRef, useState } from 'react'
import { type Arrangement, arrange, loadArrangement, saveArrangement } from '../../grid/columns'
import type { Grid } from '../../grid/grid'
import { useConsole, useRoute, useStore } from '../../ui/console'
import { type Place, PlacedMenu } from '../../ui/Menu'
import { columnItems } from './columnItems'
import { ListState } from './ListState'
import { rowItems } from './rowItems'
import css from './table.module.css'
import { useTableCommands } from './tableCommands'
import { useGrid } from './useGrid'

/** States of a source in which its rows are those of before. */
const OLD: readonly string[] = ['stale', 'unreachable', 'connecting']

interface OpenMenu {
  place: Place
  /** A heading's menu, or the row's when null. */
  column: string | null
}

/** The main screen: the grid of one kind, its menus and its states. */
export function TableView() {
  const console = useConsole()
  const route = useRoute()
  const head = useStore(console.list.head)
  const link = useStore(console.socket.link)
  const host = useRef<HTMLDivElement>(null)
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  const [wide, setWide] = useState(false)
  const [arrangement, setArrangement] = useArrangement(route.kind)
  const shown = useMemo(() => arrange(head.columns, arrangement, wide), [head.columns, arrangement, wide])

  const grid = useGrid(host, {
    menu: (x, y) => setMenu({ place: { x, y }, column: null }),
    columnMenu: (column, x, y) => setMenu({ place: { x, y }, column }),
    arranged: (change, done) => setArrangement(change, done),
  })
  useTableCommands(grid, shown, () => setWide(!wide))

  useEffect(() => grid.current?.columns(shown, route.sort), [grid, shown, route.sort])
  useEffect(() => {
    const lost = link.is === 'lost' || link.is === 'refused'
    const old = head.sources.map(({ state }) => lost || OLD.includes(state.is))
    grid.current?.old((row) => lost || old[row[1]] === true)
  }, [grid, head.sources, link.is])
  useEffect(() => {
    host.current?.setAttribute('aria-label', console.kind(route.kind)?.title ?? route.kind)
  }, [console, route.kind])

  const close = () => {
    setMenu(null)
    grid.current?.element.focus({ preventScroll: true })
  }
  const heading = menu === null ? '' : title(grid.current)
  return (
    <div className={css.view}>
      <div ref={host} className={css.host} data-scope="table" data-ready={head.ready} />
      <ListState head={head} />
      <PlacedMenu
        at={menu?.place ?? null}
        heading={menu?.column === null ? heading : 'Columns'}
        items={
          menu === null
            ? []
            : menu.column === null
              ? rowItems(console, console.chosen())
              : columnItems(console, head.columns, shown, arrangement, menu.column, wide, (change) =>
                  setArrangement(change, true),
                )
        }
        onClose={close}
      />
    </div>
  )
}

function title(grid: Grid | null): string {
  const rows = grid?.chosen() ?? []
  return rows.length > 1 ? `${rows.length} marked rows` : (rows[0]?.name ?? '')
}

/** The arrangement of a kind's columns; remembered when a change is complete. */
function useArrangement(kind: string): [Arrangement, (change: Partial<Arrangement>, done: boolean) => void] {
  const [held, setHeld] = useState({ kind, arrangement: loadArrangement(kind) })
  let current = held
  if (held.kind !== kind) {
    current = { kind, arrangement: loadArrangement(kind) }
    setHeld(current)
  }
  const latest = useRef(current)
  useEffect(() => {
    latest.current = current
  })
  const change = (part: Partial<Arrangement>, done: boolean) => {
    const { arrangement } = latest.current
    const next = {
      order: part.order ?? arrangement.order,
      visible: { ...arrangement.visible, ...part.visible },
      widths: { ...arrangement.widths, ...part.widths },
    }
    latest.current = { kind, arrangement: next }
    setHeld(latest.current)
    if (done) saveArrangement(kind, next)
  }
  return [current.arrangement, change]
}
