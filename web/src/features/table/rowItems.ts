/** The menu of a row: what the keys do, for those who point. */

import { actsOf, obstacle } from '../../ui/acts'
import { copy } from '../../ui/clipboard'
import type { Console } from '../../ui/console'
import type { Item } from '../../ui/Menu'
import { TAPPABLE, tapObstacle } from '../../ui/taps'
import type { ObjectRef } from '../../wire/api'
import { below, cellOf } from './below'

export function rowItems(console: Console, objects: readonly ObjectRef[]): Item[] {
  const kind = console.kind()
  const run = (command: string) => () => void console.commands.run(command)
  const items: Item[] = [
    { title: 'Open', command: 'open.overview', run: run('open.overview') },
    { title: 'YAML', command: 'open.yaml', run: run('open.yaml') },
    { title: 'Events', command: 'open.events', run: run('open.events') },
    {
      title: objects.length > 1 ? 'Copy names' : 'Copy name',
      icon: 'copy',
      command: 'copy.name',
      apart: true,
      run: run('copy.name'),
    },
    { title: 'Copy as TSV', command: 'copy.rows', run: run('copy.rows') },
  ]
  const [only] = objects
  if (only !== undefined && objects.length === 1) {
    const found = below(only, (column) => cellOf(console, only, column))
    if (found !== null) items.unshift({ title: found.title, command: 'open', run: run('open') })
    items.push(...cellItems(console, only))
  }
  if (TAPPABLE.includes(kind?.id ?? '')) {
    items.push({
      title: 'Tap…',
      command: 'act.tap',
      apart: true,
      disabled: tapObstacle(console, objects),
      run: () => console.tapping.set(objects),
    })
  }
  if (console.session.get().read_only) return items
  for (const [at, entry] of actsOf(kind).entries()) {
    items.push({
      title: entry.title,
      command: entry.command,
      danger: entry.act === 'delete',
      apart: at === 0,
      disabled: obstacle(console, kind, entry.act, objects),
      run: () => console.plan(entry.act, objects),
    })
  }
  return items
}

/** What the cells of one row offer: its address, and the other rows of its node. */
function cellItems(console: Console, object: ObjectRef): Item[] {
  const items: Item[] = []
  const ip = cellOf(console, object, 'ip')
  if (ip !== null) items.push({ title: 'Copy IP', run: () => copy(console, ip, ip) })
  const node = cellOf(console, object, 'node')
  if (node !== null) {
    const filter = `where node = "${node}"`
    items.push({ title: 'Only this node', apart: true, run: () => console.navigation.go({ filter }) })
  }
  return items
}
