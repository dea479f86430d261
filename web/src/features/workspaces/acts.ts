/** What can be done to workspaces of which their rows are known, and why not. */

import type { Identity } from '../../grid/marks'
import { display } from '../../lib/cell'
import type { Selected } from '../../lib/route'
import type { Asked, Console } from '../../ui/console'

export type Act = Asked['act']

/** A workspace as its row says it. */
export interface Known extends Selected {
  /** In one word; empty where that is not known. */
  phase: string
}

/** Phases in which it is asked to stand still, or does. */
const OFF: readonly string[] = ['Stopped', 'Stopping']

/** The workspaces of these rows. */
export function known(console: Console, rows: readonly Identity[]): Known[] {
  const { columns, sources } = console.list.head.get()
  const at = columns.findIndex(({ id }) => id === 'phase')
  return rows.map(({ source, namespace, name, key }) => {
    const cell = at < 0 ? null : (console.list.row(key)?.[4][at] ?? null)
    const phase = display(cell, 'status', 0)
    return { cluster: sources[source]?.cluster ?? console.inView()[0] ?? '', namespace, name, phase }
  })
}

/** Why nothing can be changed here at all, or null. */
export function fixed(console: Console): string | null {
  if (console.session.get().read_only) return 'this console was started with --read-only'
  return console.socket.link.get().is === 'live' ? null : 'the connection to the server is lost'
}

/** Why `act` makes no sense for these, or null. */
export function obstacle(console: Console, act: Act, all: readonly Known[]): string | null {
  const why = fixed(console)
  if (why !== null) return why
  if (all.length === 0) return 'no workspace is chosen'
  if (all.length > MOST) return `at most ${MOST} at a time: filter first`
  if (all.every(({ phase }) => phase === 'Terminating')) return 'it is being deleted'
  if (act === 'start' && all.every(({ phase }) => phase !== '' && !OFF.includes(phase))) return 'it is to run already'
  if (act === 'stop' && all.every(({ phase }) => OFF.includes(phase))) return 'it is stopped already'
  return null
}

/** Why a terminal, files or an app cannot be opened, or null. */
export function closed(all: readonly Known[]): string | null {
  const [only] = all
  if (only === undefined) return 'no workspace is chosen'
  if (all.length > 1) return 'one at a time: take the marks away'
  return only.phase === 'Running' ? null : `it does not run (${only.phase || 'Pending'})`
}

/** So many are read one by one before the dialog asks. */
const MOST = 50
