/** Commands of the table: what its keys, its menus and the palette run beside what every grid does. */

import type { Grid } from '../../grid/grid'
import type { Tab } from '../../lib/route'
import { obstacle } from '../../ui/acts'
import { copy } from '../../ui/clipboard'
import type { Command } from '../../ui/commands'
import type { Console } from '../../ui/console'
import type { CommandTable } from '../../ui/gridCommands'
import { tapObstacle } from '../../ui/taps'
import type { Act } from '../../wire/api'

export function tableCommands(console: Console, grid: () => Grid | null): CommandTable {
  const { navigation } = console
  const open = (tab: Tab) => () => {
    const [object] = console.chosen()
    if (object !== undefined) navigation.go({ object, tab })
  }
  return {
    'open.overview': open('overview'),
    'open.yaml': open('yaml'),
    'open.events': open('events'),
    'open.traffic': open('traffic'),
    escape: () => {
      const here = grid()
      if (here !== null) goBack(console, here)
    },
    'copy.name': () => {
      const names = console.chosen().map((object) => object.name)
      const open = navigation.route.get().object?.name
      copy(
        console,
        names.length > 0 ? names.join('\n') : (open ?? ''),
        names.length === 1 ? (names[0] ?? '') : `${names.length} names`,
      )
    },
    'act.delete': act(console, 'delete'),
    'act.scale': act(console, 'scale'),
    'act.restart': act(console, 'restart'),
    'act.tap': {
      run: () => console.tapping.set(console.chosen()),
      reason: () => tapObstacle(console, console.chosen()),
    },
  }
}

function act(console: Console, act: Act['act']): Command {
  return {
    run: () => console.plan(act, console.chosen()),
    reason: () => obstacle(console, console.kind(), act, console.chosen()),
  }
}

/** Esc goes back one step at a time: pane, marks, from what is below a row to that row, filter. */
function goBack(console: Console, grid: Grid): void {
  const { object, filter } = console.navigation.route.get()
  if (object !== null) console.navigation.go({ object: null })
  else if (grid.marks.size > 0) grid.unmark()
  else if (console.navigation.above()) return
  else if (filter !== '') console.commands.run('filter.clear')
}
