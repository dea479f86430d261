/** The menu of a row: what the keys do, for those who point. */

import { actsOf, obstacle } from '../../ui/acts'
import type { Console } from '../../ui/console'
import type { Item } from '../../ui/Menu'
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
