/** Everything of a screen that is worth a link, and its form in the URL. */

export type Tab = 'overview' | 'yaml' | 'events' | 'traffic'
export const TABS: readonly Tab[] = ['overview', 'yaml', 'events', 'traffic']

/** Parts of the pane of one record. */
export type Part =
  | 'overview'
  | 'headers'
  | 'body'
  | 'messages'
  | 'tls'
  | 'packets'
  | 'stream'
  | 'flow'
  | 'trace'
  | 'json'
export const PARTS: readonly Part[] = [
  'overview',
  'headers',
  'body',
  'messages',
  'tls',
  'packets',
  'stream',
  'flow',
  'trace',
  'json',
]

/** Ways to look at what a tap saw. */
export type Show = 'records' | 'map' | 'latency' | 'tls'
export const SHOWS: readonly Show[] = ['records', 'map', 'latency', 'tls']

/** Forms of the map: drawn by workloads or by pods, or as a table. */
export type Form = 'workloads' | 'pods' | 'table'
export const FORMS: readonly Form[] = ['workloads', 'pods', 'table']

/** What latencies are told apart by. */
export type By = 'route' | 'method' | 'status' | 'peer' | 'vantage'
export const BYS: readonly By[] = ['route', 'method', 'status', 'peer', 'vantage']

/** Where one stands in the section Traffic; `filter` and `sort` of the route are those of its list. */
export interface Traffic {
  /** The tap whose records are shown; null is the list of taps. */
  tap: string | null
  show: Show
  form: Form
  /** What tells lengths of time apart. */
  by: By
  /** Lengths of time are drawn on a linear axis, not a logarithmic one. */
  linear: boolean
  /** Latencies since this moment are compared with those before it: epoch milliseconds, 0 for no comparison. */
  split: number
  record: string | null
  part: Part
  /** The chip that is pressed; empty is all. */
  chip: string
}

export const TAPS: Traffic = {
  tap: null,
  show: 'records',
  form: 'workloads',
  by: 'route',
  linear: false,
  split: 0,
  record: null,
  part: 'overview',
  chip: '',
}

/** The kind whose objects the section Workspaces shows. */
export const WORKSPACE_KIND = 'workspaces.quarterdeck.dev'

/** Parts of the page of one workspace. */
export type Face = 'overview' | 'apps' | 'terminal' | 'files' | 'logs' | 'events'
export const FACES: readonly Face[] = ['overview', 'apps', 'terminal', 'files', 'logs', 'events']

/** Where one stands in the section Workspaces; namespaces, `filter` and `sort` of the route are those of its list. */
export interface Workspaces {
  /** The workspace whose page is shown; null is the list. */
  open: Selected | null
  face: Face
  /** The form in which a new one is asked for stands in place of the list. */
  launch: boolean
  /** What was done to them stands in place of the list. */
  jobs: boolean
  /** The blueprint that is chosen in the form; empty is the first. */
  blueprint: string
}

export const ALL_WORKSPACES: Workspaces = {
  open: null,
  face: 'overview',
  launch: false,
  jobs: false,
  blueprint: '',
}

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
  /** Null while rows of a kind are shown. */
  traffic: Traffic | null
  /** Null outside the section Workspaces. In it the kind is theirs. */
  workspaces: Workspaces | null
}

export const HOME: Route = {
  clusters: [],
  namespaces: [],
  kind: 'pods',
  filter: '',
  sort: [],
  object: null,
  tab: 'overview',
  traffic: null,
  workspaces: null,
}

/** What makes a list another one. */
export function listOf({ kind, clusters, namespaces, filter }: Route): string {
  return JSON.stringify([kind, clusters, namespaces, filter])
}

/** `?cluster=a,b&ns=x&kind=pods&filter=…&sort=-age,name&object=cluster/ns/name&tab=yaml`; `view=traffic&tap=…&show=map&form=table&record=…&part=…&chip=…`; `view=workspaces&ws=cluster/ns/name&part=logs`, `&launch=1&blueprint=…`, `&jobs=1` */
export function parseRoute(search: string): Route {
  const query = new URLSearchParams(search)
  const tab = query.get('tab')
  const view = query.get('view')
  return {
    clusters: list(query.get('cluster')),
    namespaces: list(query.get('ns')),
    kind: view === 'workspaces' ? WORKSPACE_KIND : query.get('kind') || HOME.kind,
    filter: query.get('filter') ?? '',
    sort: list(query.get('sort')).map((text) =>
      text.startsWith('-') ? { column: text.slice(1), descending: true } : { column: text, descending: false },
    ),
    object: parseObject(query.get('object')),
    tab: TABS.find((known) => known === tab) ?? 'overview',
    traffic: view === 'traffic' ? parseTraffic(query) : null,
    workspaces: view === 'workspaces' ? parseWorkspaces(query) : null,
  }
}

function parseWorkspaces(query: URLSearchParams): Workspaces {
  const face = query.get('part')
  return {
    open: parseObject(query.get('ws')),
    face: FACES.find((known) => known === face) ?? 'overview',
    launch: query.get('launch') === '1',
    jobs: query.get('jobs') === '1',
    blueprint: query.get('blueprint') ?? '',
  }
}

function parseTraffic(query: URLSearchParams): Traffic {
  const part = query.get('part')
  const show = query.get('show')
  const form = query.get('form')
  return {
    tap: query.get('tap') || null,
    show: SHOWS.find((known) => known === show) ?? 'records',
    form: FORMS.find((known) => known === form) ?? 'workloads',
    by: BYS.find((by) => by === query.get('by')) ?? 'route',
    linear: query.get('axis') === 'linear',
    split: Math.max(0, Math.trunc(Number(query.get('split'))) || 0),
    record: query.get('record') || null,
    part: PARTS.find((known) => known === part) ?? 'overview',
    chip: query.get('chip') ?? '',
  }
}

export function formatRoute(route: Route): string {
  const parts: string[] = []
  const add = (key: string, value: string) => {
    if (value !== '') parts.push(`${key}=${value}`)
  }
  add('cluster', route.clusters.map(part).join(','))
  add('ns', route.namespaces.map(part).join(','))
  // The section says which kind it is.
  if (route.workspaces === null) add('kind', plain(route.kind))
  add('filter', plain(route.filter))
  add('sort', route.sort.map((sort) => (sort.descending ? '-' : '') + part(sort.column)).join(','))
  const { object } = route
  if (object !== null) {
    add('object', path(object))
    if (route.tab !== 'overview') add('tab', route.tab)
  }
  const { traffic } = route
  if (traffic !== null) {
    add('view', 'traffic')
    add('tap', plain(traffic.tap ?? ''))
    if (traffic.show !== 'records') add('show', traffic.show)
    if (traffic.form !== 'workloads') add('form', traffic.form)
    if (traffic.by !== 'route') add('by', traffic.by)
    if (traffic.linear) add('axis', 'linear')
    if (traffic.split > 0) add('split', String(traffic.split))
    add('chip', plain(traffic.chip))
    add('record', plain(traffic.record ?? ''))
    if (traffic.record !== null && traffic.part !== 'overview') add('part', traffic.part)
  }
  const { workspaces } = route
  if (workspaces !== null) {
    add('view', 'workspaces')
    const { open, face, launch, jobs, blueprint } = workspaces
    if (open !== null) {
      add('ws', path(open))
      if (face !== 'overview') add('part', face)
    } else if (launch) {
      add('launch', '1')
      add('blueprint', plain(blueprint))
    } else if (jobs) add('jobs', '1')
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

const path = ({ cluster, namespace, name }: Selected) => [cluster, namespace, name].map(nested).join('/')

function undo(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
