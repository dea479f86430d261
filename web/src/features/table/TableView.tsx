import type { Identity } from '../../grid/marks'
import { listOf } from '../../lib/route'
import { useConsole, useRoute, useStore } from '../../ui/console'
import { GridView } from '../../ui/GridView'
import { goBelow } from './below'
import { ListState } from './ListState'
import { rowItems } from './rowItems'
import { reference, selected } from './selection'
import { tableCommands } from './tableCommands'

/** The main screen: the grid of one kind, its menus and its states. */
export function TableView() {
  const console = useConsole()
  const { navigation } = console
  const { kind } = useRoute()
  const head = useStore(console.list.head)
  const open = (row: Identity) => navigation.go({ object: selected(console, row), tab: navigation.route.get().tab })
  return (
    <GridView
      list={console.list}
      name={kind}
      label={console.kind(kind)?.title ?? kind}
      scope="table"
      listOf={listOf}
      open={open}
      enter={(row) => {
        if (!goBelow(console, reference(console, row))) open(row)
      }}
      rest={(row) => {
        if (navigation.route.get().object !== null) navigation.refine({ object: selected(console, row) })
      }}
      marks={(count) => console.marked.set(count)}
      mounted={(grid) => {
        console.chosen = () => (grid?.chosen() ?? []).map((row) => reference(console, row))
      }}
      items={() => rowItems(console, console.chosen())}
      commands={(grid) => tableCommands(console, grid)}
    >
      <ListState head={head} />
    </GridView>
  )
}
