/** The one table of keys. The dispatcher, the `?` sheet, menus and the palette read it; nothing else names a key. */

export type Scope =
  | 'anywhere'
  | 'table'
  | 'traffic'
  | 'detail'
  | 'record'
  | 'plan'
  | 'workspaces'
  | 'workspace'
  | 'jobs'
  | 'launch'
  | 'terminal'
  | 'files'

export interface KeyEntry {
  /** The command that it runs. */
  id: string
  /** Each by itself; `g+s` is `g`, then `s`. */
  keys: readonly string[]
  title: string
  scope: Scope
  /** Offered in the palette too. */
  palette?: boolean
  /** Works while a text field has the focus. */
  typing?: boolean
  /** Said by another line of the `?` sheet. */
  quiet?: boolean
}

const key = (scope: Scope, id: string, keys: string, title: string, more: Partial<KeyEntry> = {}): KeyEntry => ({
  id,
  keys: keys.split(' '),
  title,
  scope,
  ...more,
})

/** One command under the same key in several scopes; the palette offers it once. */
const both = (
  scopes: readonly Scope[],
  id: string,
  keys: string,
  title: string,
  more: Partial<KeyEntry> = {},
): KeyEntry[] => scopes.map((scope, at) => key(scope, id, keys, title, at === 0 ? more : {}))

export const KEYS: readonly KeyEntry[] = [
  key('anywhere', 'palette', 'Mod-k', 'Command palette', { typing: true }),
  key('anywhere', 'go', ':', 'Go to a kind: :po kube-system, :deploy @prod /api', { palette: true }),
  key('anywhere', 'filter', '/', 'Filter the rows', { palette: true }),
  key('anywhere', 'help', '?', 'Keys for where you stand', { palette: true }),
  key('anywhere', 'namespaces.all', '0', 'All namespaces', { palette: true }),
  key('anywhere', 'namespaces.1', '1', 'Favourite namespace 1; 2 to 9 likewise'),
  ...Array.from({ length: 8 }, (_, at) =>
    key('anywhere', `namespaces.${at + 2}`, String(at + 2), `Favourite namespace ${at + 2}`, { quiet: true }),
  ),
  key('anywhere', 'namespaces', 'Shift-P', 'Pick namespaces', { palette: true }),
  key('anywhere', 'history.back', '[', 'Back'),
  key('anywhere', 'history.forward', ']', 'Forward'),
  key('anywhere', 'history.last', '-', 'Last view'),
  key('anywhere', 'traffic', 'Shift-F', 'Traffic: taps and what they saw', { palette: true }),
  key('anywhere', 'workspaces', 'Shift-W g+s', 'Workspaces: places to work', { palette: true }),
  key('anywhere', 'launch', 'g+l', 'Launch a workspace', { palette: true }),
  key('anywhere', 'kubeconfig', 'Shift-K', 'Another kubeconfig: more clusters', { palette: true }),
  key('anywhere', 'reconnect', 'Mod-Enter', 'Reconnect now', { palette: true }),

  key('table', 'move.down', 'j ArrowDown', 'Next row'),
  key('table', 'move.up', 'k ArrowUp', 'Row before; from the first row to the headings'),
  key('table', 'move.first', 'g Home', 'First row'),
  key('table', 'move.last', 'Shift-G End', 'Last row'),
  key('table', 'move.pageDown', 'Ctrl-f PageDown', 'Page down'),
  key('table', 'move.pageUp', 'Ctrl-b PageUp', 'Page up'),
  key('table', 'move.left', 'h ArrowLeft', 'Left; the heading before'),
  key('table', 'move.right', 'l ArrowRight', 'Right; the next heading'),
  key('table', 'open', 'Enter', 'To its pods, else open it; sort by the heading'),
  key('table', 'open.overview', 'd', 'Open its overview', { palette: true }),
  key('table', 'open.yaml', 'y', 'Open its YAML', { palette: true }),
  key('table', 'open.events', 'v', 'Open its events', { palette: true }),
  key('table', 'open.traffic', 'f', 'Open its traffic', { palette: true }),
  key('table', 'menu', 'Shift-F10 ContextMenu', 'Menu of the row or heading'),
  key('table', 'escape', 'Escape', 'Close the pane, then the marks, back above, then the filter'),
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
  key('table', 'copy.rows', 'Mod-c', 'Copy the rows as TSV', { palette: true }),
  key('table', 'act.delete', 'Delete Backspace Ctrl-d', 'Plan a deletion', { palette: true }),

  key('traffic', 'traffic.follow', 'Shift-G End', 'Newest record; follow', { palette: true }),
  key('traffic', 'traffic.pause', 'p', 'Freeze the view; go on', { palette: true }),
  key('traffic', 'traffic.filter', 'b', 'Capture filter of the tap', { palette: true }),
  key('traffic', 'traffic.chip', 'c', 'Next chip with records'),
  key('traffic', 'traffic.show', 'm', 'Records, who asks whom, how long it takes, TLS', { palette: true }),
  key('traffic', 'traffic.form', 'v', 'Map: workloads, pods, a table; latency: the other axis', { palette: true }),
  key('traffic', 'traffic.stop', 'Shift-X', 'Stop the tap', { palette: true }),
  key('traffic', 'open', 'Enter', 'Open the record'),
  key('traffic', 'escape', 'Escape', 'Close the pane, then the chip and the filter, then back to the taps'),

  key('record', 'record.close', 'Escape q', 'Back to the records'),
  ...both(['traffic', 'record'], 'traffic.next', ']', 'Next record'),
  ...both(['traffic', 'record'], 'traffic.before', '[', 'Record before'),
  ...both(['traffic', 'record'], 'traffic.end', 'e', 'Go to its endpoint: the pod that was asked', { palette: true }),
  ...both(['traffic', 'record'], 'traffic.only', 'f', 'Only this flow', { palette: true }),
  key('record', 'record.overview', 'd', 'Overview'),
  key('record', 'record.headers', 'h', 'Headers'),
  key('record', 'record.body', 'b', 'Body'),
  key('record', 'record.packets', 'p', 'Packets of its connection, layer by layer'),
  key('record', 'record.stream', 's', 'Stream: what both ends said'),
  key('record', 'record.flow', 'v', 'Conversation: everything of its flow'),
  key('record', 'record.trace', 't', 'Trace: all requests of it on one axis, and log lines'),
  key('record', 'record.json', 'y', 'The record as JSON'),
  key('record', 'record.copy', 'c', 'Copy: curl, HAR, filter'),

  key('detail', 'detail.close', 'Escape q', 'Back to the table'),
  key('detail', 'detail.overview', 'd', 'Overview'),
  key('detail', 'detail.yaml', 'y', 'YAML'),
  key('detail', 'detail.events', 'v', 'Events'),
  key('detail', 'detail.traffic', 'f', 'Traffic'),
  key('detail', 'detail.place', 't', 'Pane right or below', { palette: true }),
  key('detail', 'detail.owner', 'Shift-J', 'Go to the owner', { palette: true }),
  key('detail', 'detail.reveal', 'x', 'Reveal a key of the Secret'),
  key('detail', 'act.delete', 'Delete Ctrl-d', 'Plan a deletion'),

  ...both(['table', 'detail'], 'copy.name', 'n', 'Copy the name', { palette: true }),
  ...both(['table', 'detail'], 'act.tap', 'p', 'Tap its traffic: packets and requests', { palette: true }),
  ...both(['table', 'detail'], 'act.scale', 's', 'Plan a new scale', { palette: true }),
  ...both(['table', 'detail'], 'act.restart', 'r', 'Plan a rolling restart', { palette: true }),

  key('workspaces', 'open', 'Enter', 'Open the workspace'),
  key('workspaces', 'ws.launch', 'c', 'Launch a workspace'),
  key('workspaces', 'escape', 'Escape', 'Take the marks away, then the filter'),
  key('workspaces', 'ws.jobs', 'b', 'What was done to workspaces', { palette: true }),
  key('workspaces', 'ws.again', 'r', 'List them again', { palette: true }),
  key('workspace', 'ws.close', 'Escape q', 'Back to the workspaces'),
  key('workspace', 'ws.overview', 'd', 'Overview'),
  key('workspace', 'ws.why', 'w', 'Why it runs, why it was stopped'),
  ...both(['workspaces', 'workspace'], 'ws.shell', 't', 'Open its terminal', { palette: true }),
  ...both(['workspaces', 'workspace'], 'ws.app', 'o', 'Open its app; its apps and ports', { palette: true }),
  key('workspace', 'ws.files', 'f', 'Files'),
  key('workspace', 'ws.logs', 'l', 'Logs'),
  key('workspace', 'ws.events', 'v', 'Events'),
  ...both(['workspaces', 'workspace'], 'ws.start', 's', 'Start it', { palette: true }),
  ...both(['workspaces', 'workspace'], 'ws.stop', 'x', 'Stop it: volumes stay', { palette: true }),
  key('workspace', 'ws.keep', 'k', 'Keep it from being stopped for two hours', { palette: true }),
  ...both(['workspaces', 'workspace'], 'ws.delete', 'Delete Ctrl-d', 'Delete it', { palette: true }),
  ...both(['workspaces', 'workspace'], 'ws.yaml', 'y', 'Its object as YAML', { palette: true }),
  key('workspace', 'copy.name', 'n', 'Copy the name'),
  key('jobs', 'jobs.leave', 'Escape q', 'Back to the workspaces'),
  key('launch', 'launch.go', 'Mod-Enter', 'Launch', { typing: true }),
  key('launch', 'launch.leave', 'Escape', 'Back to the workspaces', { typing: true }),

  key('terminal', 'terminal.find', 'Ctrl-Shift-F', 'Find on the screen and above it', { typing: true }),
  key('terminal', 'terminal.copy', 'Ctrl-Shift-C', 'Copy what is selected', { typing: true }),
  key('terminal', 'terminal.paste', 'Ctrl-Shift-V', 'Paste', { typing: true }),
  key('terminal', 'terminal.leave', 'Ctrl-Shift-L', 'Leave the screen for its tabs; all other keys are the shell’s', {
    typing: true,
  }),
  key('files', 'files.open', 'Enter', 'Open the folder; download the file'),
  key('files', 'files.up', 'Backspace u', 'The folder above'),
  key('files', 'files.home', '~', 'Home'),
  key('files', 'files.folder', 'Shift-N', 'New folder'),
  key('files', 'files.upload', 'p', 'Upload files'),
  key('files', 'files.download', 'd', 'Download; a folder as a zip archive'),
  key('files', 'files.rename', 'r F2', 'Rename'),
  key('files', 'files.delete', 'Delete', 'Delete'),
  key('files', 'files.menu', 'Shift-F10 ContextMenu', 'Menu of the entry'),
  key('files', 'files.hidden', '.', 'Show hidden files, or not'),
  key('files', 'files.reload', 'Shift-R', 'Read the folder again'),
  key('files', 'files.cd', 'c', 'Send the shell here'),

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
    // Records stand in a grid: what its keys do holds there too.
    (scope === 'traffic' || scope === 'workspaces'
      ? KEYS.find((entry) => entry.scope === 'table' && matches(entry))
      : undefined) ??
    KEYS.find((entry) => entry.scope === 'anywhere' && matches(entry))
  )
}

/** The entry of two keys pressed one after the other, written `first+second`; the first may be a key of its own too. */
export function entryAfter(first: string, event: KeyboardEvent): KeyEntry | undefined {
  const pressed = chords(event).map((second) => `${first}+${second}`)
  return KEYS.find((entry) => entry.keys.some((name) => pressed.includes(name)))
}

/** How a key is written for people. */
export function label(name: string, mac: boolean): string {
  return name
    .replace('Mod-', mac ? '⌘' : 'Ctrl ')
    .replace('Ctrl-', 'Ctrl ')
    .replace('Shift-', '⇧')
    .replace('Arrow', '')
    .replace('+', ' ')
    .replace(/^Escape$/, 'Esc')
    .replace('Ctrl k', 'Ctrl K')
    .replace('⌘k', '⌘K')
}
