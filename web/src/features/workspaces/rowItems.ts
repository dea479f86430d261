/** The menu of a workspace in the list: what the keys do. */

import type { Console } from '../../ui/console'
import type { Item } from '../../ui/Menu'
import { closed, type Known, obstacle } from './acts'

export function rowItems(console: Console, all: readonly Known[]): Item[] {
  const run = (command: string) => () => void console.commands.run(command)
  const items: Item[] = [
    { title: 'Open', command: 'open', run: run('open') },
    { title: 'Terminal', command: 'ws.shell', disabled: closed(all), run: run('ws.shell') },
    { title: 'Apps and ports', command: 'ws.app', disabled: closed(all), run: run('ws.app') },
    { title: 'Events', command: 'open.events', run: run('open.events') },
    { title: 'YAML', command: 'ws.yaml', run: run('ws.yaml') },
    {
      title: all.length > 1 ? 'Copy names' : 'Copy name',
      icon: 'copy',
      command: 'copy.name',
      apart: true,
      run: run('copy.name'),
    },
    { title: 'Copy as TSV', command: 'copy.rows', run: run('copy.rows') },
  ]
  if (console.session.get().read_only) return items
  return [
    ...items,
    {
      title: 'Start',
      command: 'ws.start',
      apart: true,
      disabled: obstacle(console, 'start', all),
      run: run('ws.start'),
    },
    { title: 'Stop…', command: 'ws.stop', disabled: obstacle(console, 'stop', all), run: run('ws.stop') },
    {
      title: 'Delete…',
      command: 'ws.delete',
      danger: true,
      disabled: obstacle(console, 'delete', all),
      run: run('ws.delete'),
    },
  ]
}
