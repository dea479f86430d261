/** The menu of a record. */

import type { Console } from '../../ui/console'
import type { Item } from '../../ui/Menu'

export function recordItems(console: Console, tap: string, record: string | undefined): Item[] {
  if (record === undefined) return []
  const { navigation, commands } = console
  const open = (part: 'overview' | 'flow') => () => navigation.traffic({ tap, record, part })
  const run = (command: string) => () => void commands.run(command)
  return [
    { title: 'Open', command: 'open', run: open('overview') },
    { title: 'Conversation', run: open('flow') },
    { title: 'Only this flow', command: 'traffic.only', run: run('traffic.only') },
    { title: 'Copy its id', icon: 'copy', command: 'copy.name', apart: true, run: run('copy.name') },
    { title: 'Copy as TSV', command: 'copy.rows', run: run('copy.rows') },
  ]
}
