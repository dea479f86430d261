/** From a key press to a command: where the focus stands, then the one table of keys. */

import { chords, entryAfter, entryFor, type KeyEntry, type Scope } from '../lib/keys'
import type { Console } from '../ui/console'

const SCOPES: readonly Scope[] = [
  'detail',
  'plan',
  'record',
  'traffic',
  'workspaces',
  'workspace',
  'jobs',
  'launch',
  'terminal',
  'files',
]

/** The key before this one, which the two of a pair follow each other within. */
let before = { key: '', at: 0 }
const PAIR_MS = 800

export function dispatch(console: Console, event: KeyboardEvent): void {
  const target = deepest(event)
  const typing = isTyping(target)
  const pair = typing ? undefined : paired(event)
  if (event.defaultPrevented || event.isComposing) return
  if (console.overlay.get() !== null || console.intent.get() !== null || console.tapping.get() !== null) return
  if (console.asked.get() !== null) return
  if (target?.closest('[role=menu]')) return
  const scope = scopeOf(target)
  const entry = pair ?? entryFor(event, scope, typing)
  if (entry === undefined) return
  // A focused button or tab keeps its own Enter and Space.
  if ((event.key === 'Enter' || event.key === ' ') && target?.closest('button, a, [role=tab]')) return
  if (event.key === 'c' && (event.ctrlKey || event.metaKey) && String(getSelection() ?? '') !== '') return
  if (!console.commands.has(entry.id)) return
  event.preventDefault()
  const reason = console.commands.reason(entry.id)
  if (reason !== null) console.results.add(false, reason)
  else console.commands.run(entry.id)
}

/** What this key means after the one before it. */
function paired(event: KeyboardEvent): KeyEntry | undefined {
  const { key, at } = before
  before = { key: chords(event)[0] ?? '', at: event.timeStamp }
  return event.timeStamp - at < PAIR_MS ? entryAfter(key, event) : undefined
}

function deepest(event: KeyboardEvent): Element | null {
  const [first] = event.composedPath()
  return first instanceof Element ? first : null
}

/** A target inside a shadow root stands where its host stands. */
function scopeOf(target: Element | null): Scope {
  const root = target?.getRootNode()
  const outer = root instanceof ShadowRoot ? root.host : target
  // What had the focus may be gone: then keys are the page's that stands there alone.
  const here = outer?.closest<HTMLElement>('[data-scope]') ?? document.querySelector<HTMLElement>('main [data-page]')
  const scope = here?.dataset['scope']
  return SCOPES.find((known) => known === scope) ?? 'table'
}

function isTyping(target: Element | null): boolean {
  if (target === null) return false
  return target.closest('input, textarea, select, [contenteditable=true]') !== null
}
