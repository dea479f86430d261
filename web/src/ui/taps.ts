/** What can be tapped, and how a row of the list of taps is read. */

import { display } from '../lib/cell'
import type { ListQuery, ObjectRef, Row, TapState } from '../wire/api'
import type { RowList } from '../wire/list'
import type { Console } from './console'

/** Kinds whose pods a tap can follow. */
export const TAPPABLE: readonly string[] = [
  'pods',
  'services',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'replicasets.apps',
  'jobs.batch',
]

/** Why these objects cannot be tapped now, or null. Rights that are not known are tried, and the server says. */
export function tapObstacle(console: Console, objects: readonly ObjectRef[]): string | null {
  if (console.session.get().read_only) return 'this console was started with --read-only'
  const [first] = objects
  if (first === undefined) return 'no row is chosen'
  const other = objects.find(({ kind }) => !TAPPABLE.includes(kind))
  if (other !== undefined)
    return `${console.kind(other.kind)?.title ?? other.kind} have no traffic of their own: tap pods, workloads or services`
  if (objects.some(({ cluster }) => cluster !== first.cluster)) return 'a tap is of one cluster: mark rows of one'
  if (console.socket.link.get().is !== 'live') return 'the connection to the server is lost'
  const state = console.cluster(first.cluster)?.state
  if (state !== undefined && 'error' in state) return `${first.cluster}: ${state.error.code}`
  return null
}

/** One tap as its row says it. */
export interface TapRow {
  id: string
  title: string
  state: string
}

const OVER: readonly string[] = ['ended', 'stopping'] satisfies readonly TapState[]

export const isOver = (state: string): boolean => OVER.includes(state)

/** The taps of a list, whatever columns the server gives it. */
export function tapRows(list: RowList<ListQuery>): TapRow[] {
  const { columns } = list.head.get()
  const cell = (row: Row, id: string) => {
    const at = columns.findIndex((column) => column.id === id)
    const column = columns[at]
    return column === undefined ? '' : display(row[4][at] ?? null, column.type, 0)
  }
  return [...list.rows()].map((row) => ({
    id: row[3],
    title: cell(row, 'title'),
    state: cell(row, 'state').toLowerCase(),
  }))
}
