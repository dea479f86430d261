/** The one table of keys. The dispatcher, the `?` sheet, menus and the palette read it; nothing else names a key. */

export type Scope = 'anywhere' | 'table' | 'detail' | 'plan'

export interface KeyEntry {
  /** The command that it runs. */
  id: string
  keys: readonly string[]
  title: string
  scope: Scope
  /** Offered in the palette too. */
  palette?: boolean
  /** Works while a text field has the focus. */
  typing?: boolean
}

const key = (scope: Scope, id: string, keys: string, title: string, more: Partial<KeyEntry> = {}): KeyEntry => ({
  id,
  keys: keys.split(' '),
  title,
  scope,
  ...more,
})

export const KEYS: readonly KeyEntry[] = [
  key('anywhere', 'palette', 'Mod-k', 'Command palette', { typing: true }),
  key('anywhere', 'go', ':', 'Go to a kind: :po kube-system, :deploy @prod /api', { palette: true }),
  key('anywhere', 'filter', '/', 'Filter the rows', { palette: true }),
  key('anywhere', 'help', '?', 'Keys for where you stand', { palette: true }),
  key('anywhere', 'namespaces.all', '0', 'All namespaces', { palette: true }),
  key('anywhere', 'namespaces', 'Shift-P', 'Pick namespaces', { palette: true }),
  key('anywhere', 'history.back', '[', 'Back'),
  key('anywhere', 'history.forward', ']', 'Forward'),
  key('anywhere', 'history.last', '-', 'Last view'),
  key('anywhere', 'reconnect', 'Mod-Enter', 'Reconnect now', { palette: true }),

  key('table', 'move.down', 'j ArrowDown', 'Next row'),
  key('table', 'move.up', 'k ArrowUp', 'Row before; from the first row to the headings'),
  key('table', 'move.first', 'g Home', 'First row'),
  key('table', 'move.last', 'Shift-G End', 'Last row'),
  key('table', 'move.pageDown', 'Ctrl-f PageDown', 'Page down'),
  key('table', 'move.pageUp', 'Ctrl-b PageUp', 'Page up'),
  key('table', 'move.left', 'h ArrowLeft', 'Left; the heading before'),
  key('table', 'move.right', 'l ArrowRight', 'Right; the next heading'),
  key('table', 'open', 'Enter', 'Open the object; sort by the heading'),
  key('table', 'open.overview', 'd', 'Open its overview', { palette: true }),
  key('table', 'open.yaml', 'y', 'Open its YAML', { palette: true }),
  key('table', 'open.events', 'v', 'Open its events', { palette: true }),
  key('table', 'menu', 'Shift-F10 ContextMenu', 'Menu of the row or heading'),
  key('table', 'escape', 'Escape', 'Close the pane, then the marks, then the filter'),
  key('table', 'mark', 'Space', 'Mark the row'),
  key('table', 'mark.range', 'Ctrl-Space', 'Mark from the last mark to here'),
  key('table', 'mark.all', 'Mod-a', 'Mark all shown rows', { palette: true }),
  key('table', 'sort.name', 'Shift-N', 'Sort by name', { palette: true }),
  key('table', 'sort.age', 'Shift-A', 'Sort by age', { palette: true }),
  key('table', 'sort.status', 'Shift-S', 'Sort by status', { palette: true }),
  key('table', 'sort.ready', 'Shift-R', 'Sort by ready', { palette: true }),
  key('table', 'sort.cpu', 'Shift-C', 'Sort by CPU', { palette: true }),
  key('table', 'sort.memory', 'Shift-M', 'Sort by memory', { palette: true }),
  key('table', 'sort.node', 'Shift-O', 'Sort by node', { palette: true }),
  key('table', 'sort.restarts', 'Shift-T', 'Sort by restarts', { palette: true }),
  key('table', 'wide', 'w', 'Wide columns', { palette: true }),
  key('table', 'copy.name', 'n', 'Copy the name', { palette: true }),
  key('table', 'copy.rows', 'Mod-c', 'Copy the rows as TSV', { palette: true }),
  key('table', 'act.delete', 'Delete Backspace Ctrl-d', 'Plan a deletion', { palette: true }),
  key('table', 'act.scale', 's', 'Plan a new scale', { palette: true }),
  key('table', 'act.restart', 'r', 'Plan a rolling restart', { palette: true }),

  key('detail', 'detail.close', 'Escape q', 'Back to the table'),
  key('detail', 'detail.overview', 'd', 'Overview'),
  key('detail', 'detail.yaml', 'y', 'YAML'),
  key('detail', 'detail.events', 'v', 'Events'),
  key('detail', 'detail.place', 't', 'Pane right or below', { palette: true }),
  key('detail', 'detail.owner', 'Shift-J', 'Go to the owner', { palette: true }),
  key('detail', 'detail.reveal', 'x', 'Reveal a key of the Secret'),
  key('detail', 'copy.name', 'n', 'Copy the name'),
  key('detail', 'act.delete', 'Delete Ctrl-d', 'Plan a deletion'),
  key('detail', 'act.scale', 's', 'Plan a new scale'),
  key('detail', 'act.restart', 'r', 'Plan a rolling restart'),

  key('plan', 'plan.commit', 'Enter', 'Carry out the plan'),
  key('plan', 'plan.leave', 'Escape', 'Leave the plan'),
]

/** The spellings of a key press that the table may hold. */
export function chords(event: KeyboardEvent): string[] {
  const { key: name } = event
  if (name === 'Control' || name === 'Shift' || name === 'Meta' || name === 'Alt' || event.altKey) return []
  const plain = name === ' ' ? 'Space' : name
  const letter = /^[a-z]$/i.test(plain)
  const named = plain.length > 1
  const base = letter ? (event.shiftKey ? `Shift-${plain.toUpperCase()}` : plain.toLowerCase()) : plain
  const full = named && event.shiftKey ? `Shift-${base}` : base
  if (event.ctrlKey) return [`Ctrl-${full}`, `Mod-${full}`]
  if (event.metaKey) return [`Meta-${full}`, `Mod-${full}`]
  return [full]
}

/** The entry for a key press where the focus stands. */
export function entryFor(event: KeyboardEvent, scope: Scope, typing: boolean): KeyEntry | undefined {
  const pressed = chords(event)
  const matches = (entry: KeyEntry) => entry.keys.some((name) => pressed.includes(name)) && (!typing || entry.typing)
  return (
    KEYS.find((entry) => entry.scope === scope && matches(entry)) ??
    KEYS.find((entry) => entry.scope === 'anywhere' && matches(entry))
  )
}

/** How a key is written for people. */
export function label(name: string, mac: boolean): string {
  return name
    .replace('Mod-', mac ? '⌘' : 'Ctrl ')
    .replace('Ctrl-', 'Ctrl ')
    .replace('Shift-', '⇧')
    .replace('Arrow', '')
    .replace(/^Escape$/, 'Esc')
    .replace('Ctrl k', 'Ctrl K')
    .replace('⌘k', '⌘K')
}
