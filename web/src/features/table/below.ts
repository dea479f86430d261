/** What lies below an object: Enter leads from a workload to its pods, from a node to what runs on it. */

import type { Route } from '../../lib/route'
import type { Console } from '../../ui/console'
import type { ObjectRef } from '../../wire/api'

/** A view of what is below one object. */
export interface Below {
  /** What the menu calls it. */
  title: string
  route: Pick<Route, 'kind' | 'namespaces' | 'filter'>
}

/** Kinds whose pods are those that their selector chooses. */
const SELECTING: readonly string[] = ['deployments.apps', 'services', 'replicationcontrollers']

/** Kinds that are the controller of objects of another kind, by the name that owner references use. */
const OWNING: Readonly<Record<string, readonly [name: string, kind: string, title: string]>> = {
  'statefulsets.apps': ['StatefulSet', 'pods', 'Its pods'],
  'daemonsets.apps': ['DaemonSet', 'pods', 'Its pods'],
  'replicasets.apps': ['ReplicaSet', 'pods', 'Its pods'],
  'jobs.batch': ['Job', 'pods', 'Its pods'],
  'cronjobs.batch': ['CronJob', 'jobs.batch', 'Its jobs'],
}

/**
 * What is below an object, or null where nothing is; `cell` gives the text of a cell of its row. A filter that would
 * choose everything is none.
 */
export function below(object: ObjectRef, cell: (column: string) => string | null): Below | null {
  const { kind, namespace, name } = object
  const inside = { namespaces: [namespace] }
  if (kind === 'nodes')
    return { title: 'Its pods', route: { kind: 'pods', namespaces: [], filter: `where node = "${name}"` } }
  if (kind === 'namespaces') return { title: 'Its pods', route: { kind: 'pods', namespaces: [name], filter: '' } }
  if (kind === 'customresourcedefinitions.apiextensions.k8s.io')
    return { title: 'Its objects', route: { kind: name, namespaces: [], filter: '' } }
  if (SELECTING.includes(kind)) {
    const selector = cell('selector')
    if (selector === null || selector === '<none>') return null
    return { title: 'Its pods', route: { kind: 'pods', ...inside, filter: `-l ${selector}` } }
  }
  const owning = OWNING[kind]
  if (owning === undefined) return null
  const [owner, owned, title] = owning
  return { title, route: { kind: owned, ...inside, filter: `where owner = "${owner}/${name}"` } }
}

/** Goes below an object, within its cluster; says whether there is anything. */
export function goBelow(console: Console, object: ObjectRef): boolean {
  const found = below(object, (column) => cellOf(console, object, column))
  if (found === null) return false
  console.navigation.below({ ...found.route, clusters: [object.cluster], sort: [] })
  return true
}

/** The text of a cell of a row in the window. */
export function cellOf(console: Console, object: ObjectRef, id: string): string | null {
  const at = console.list.head.get().columns.findIndex((column) => column.id === id)
  if (at < 0) return null
  for (const [, , namespace, name, cells] of console.list.rows()) {
    if (namespace !== object.namespace || name !== object.name) continue
    const value = cells[at]
    return typeof value === 'string' && value !== '' ? value : null
  }
  return null
}
