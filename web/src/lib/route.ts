/** Everything of a screen that is worth a link, and its form in the URL. */

export type Tab = 'overview' | 'yaml' | 'events'
export const TABS: readonly Tab[] = ['overview', 'yaml', 'events']

export interface Selected {
  cluster: string
  namespace: string
  name: string
}

export interface SortBy {
  column: string
  descending: boolean
}

export interface Route {
  /** Clusters to merge; empty is the current one. */
  clusters: readonly string[]
  /** Empty is all. */
  namespaces: readonly string[]
  kind: string
  filter: string
  sort: readonly SortBy[]
  object: Selected | null
  tab: Tab
}

export const HOME: Route = {
  clusters: [],
  namespaces: [],
  kind: 'pods',
  filter: '',
  sort: [],
  object: null,
  tab: 'overview',
}

/** `?cluster=a,b&ns=x&kind=pods&filter=…&sort=-age,name&object=cluster/ns/name&tab=yaml` */
export function parseRoute(search: string): Route {
  const query = new URLSearchParams(search)
  const tab = query.get('tab')
  return {
    clusters: list(query.get('cluster')),
    namespaces: list(query.get('ns')),
    kind: query.get('kind') || HOME.kind,
    filter: query.get('filter') ?? '',
    sort: list(query.get('sort')).map((text) =>
      text.startsWith('-') ? { column: text.slice(1), descending: true } : { column: text, descending: false },
    ),
    object: parseObject(query.get('object')),
    tab: TABS.find((known) => known === tab) ?? 'overview',
  }
}

export function formatRoute(route: Route): string {
  const parts: string[] = []
  const add = (key: string, value: string) => {
    if (value !== '') parts.push(`${key}=${value}`)
  }
  add('cluster', route.clusters.map(part).join(','))
  add('ns', route.namespaces.map(part).join(','))
  add('kind', plain(route.kind))
  add('filter', plain(route.filter))
  add('sort', route.sort.map((sort) => (sort.descending ? '-' : '') + part(sort.column)).join(','))
  const { object } = route
  if (object !== null) {
    add('object', [object.cluster, object.namespace, object.name].map(nested).join('/'))
    if (route.tab !== 'overview') add('tab', route.tab)
  }
  return `?${parts.join('&')}`
}

export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at])
}

function list(text: string | null): string[] {
  if (text === null || text === '') return []
  return text.split(',').map(undo)
}

function parseObject(text: string | null): Selected | null {
  if (text === null) return null
  const [cluster, namespace, name, more] = text.split('/').map(undo)
  if (!cluster || namespace === undefined || !name || more !== undefined) return null
  return { cluster, namespace, name }
}

/** Escapes what would end a value; `:`, `,` and `/` stay readable. */
function plain(text: string): string {
  return encodeURIComponent(text).replace(/%3A/g, ':').replace(/%2F/g, '/').replace(/%2C/g, ',')
}

/** An item of a list: its commas are escaped twice, because reading the query takes one layer off. */
function part(text: string): string {
  return plain(text.replace(/[%,]/g, encodeURIComponent))
}

/** A part of a path: its slashes are escaped twice, because reading the query takes one layer off. */
function nested(text: string): string {
  return encodeURIComponent(encodeURIComponent(text)).replace(/%253A/g, ':')
}

function undo(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
