/** The menu of a row: what the keys do, for those who point. */

import { actsOf, obstacle } from '../../ui/acts'
import { copy } from '../../ui/clipboard'
import type { Console } from '../../ui/console'
import type { Item } from '../../ui/Menu'
import { TAPPABLE, tapObstacle } from '../../ui/taps'
import type { ObjectRef } from '../../wire/api'

export function rowItems(console: Console, objects: readonly ObjectRef[]): Item[] {
  const kind = console.kind()
  const run = (command: string) => () => void console.commands.run(command)
  const items: Item[] = [
    { title: 'Open', command: 'open', run: run('open') },
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
  if (only !== undefined && objects.length === 1) items.push(...cellItems(console, only))
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
  const ip = cell(console, object, 'ip')
  if (ip !== null) items.push({ title: 'Copy IP', run: () => copy(console, ip, ip) })
  const node = cell(console, object, 'node')
  if (node !== null) {
    const filter = `where node = "${node}"`
    items.push({ title: 'Only this node', apart: true, run: () => console.navigation.go({ filter }) })
  }
  return items
}

/** The text of a cell of a row in the window. */
function cell(console: Console, object: ObjectRef, id: string): string | null {
  const at = console.list.head.get().columns.findIndex((column) => column.id === id)
  if (at < 0) return null
  for (const [, , namespace, name, cells] of console.list.rows()) {
    if (namespace !== object.namespace || name !== object.name) continue
    const value = cells[at]
    return typeof value === 'string' && value !== '' ? value : null
  }
  return null
}
