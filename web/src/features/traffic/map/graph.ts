/** The map as a graph: who is there, and who asks whom. */

import type { TapEdge, TapEnd, TapMap } from '../../../wire/api'

export type NodeKind = 'workload' | 'pod' | 'service' | 'node' | 'external'

export interface Node {
  id: string
  kind: NodeKind
  title: string
  /** What it is, in words: `deployment in shop`. */
  about: string
}

export interface Link {
  id: string
  from: string
  to: string
  /** Connections that nobody answered; they are drawn apart from what was answered. */
  denied: boolean
  protocols: string[]
  count: number
  errors: number
  perSecond: number
  bytes: number
  /** Of all that is one line here, the longest; null where nothing was measured. */
  p95: number | null
  /** The edges that it stands for, by the names of their ends. */
  sources: string[]
  destinations: string[]
}

export interface Graph {
  nodes: Node[]
  links: Link[]
  /** Pairs that are left out: too many to be read, or no services. */
  left: number
}

/** What keeps networks going says nothing of services: it stands in the table alone. */
const BELOW: ReadonlySet<string> = new Set(['arp', 'icmp', 'icmpv6', 'igmp', 'other'])
/** More lines than these are a table. */
const MOST_LINKS = 160

const WORDS: Readonly<Record<NodeKind, string>> = {
  workload: 'workload',
  pod: 'pod',
  service: 'service',
  node: 'node',
  external: 'outside',
}

/** `10.0.0.1` of `10.0.0.1:80`, `fd00::1` of `[fd00::1]:80`. */
export function withoutPort(name: string): string {
  const found = /^(?:\[(.+)\]|([^:]+))(?::\d+)?$/.exec(name)
  return found?.[1] ?? found?.[2] ?? name
}

/** What is drawn of a map. Order says nothing about counts: nothing moves when they change. */
export function graphOf(map: Pick<TapMap, 'edges' | 'ends' | 'from' | 'to'>, by: 'workloads' | 'pods'): Graph {
  const seconds = Math.max(1, (map.to - map.from) / 1e6)
  const known = new Map(map.ends.map((end) => [end.name, end]))
  const nodes = new Map<string, Node>()
  const links = new Map<string, Link>()
  const nodeOf = (name: string): string => {
    const node = nodeFor(known.get(name) ?? { name, kind: 'external' }, by)
    if (!nodes.has(node.id)) nodes.set(node.id, node)
    return node.id
  }
  let left = 0
  for (const edge of map.edges) {
    if (BELOW.has(edge.protocol)) {
      left += 1
      continue
    }
    const parts = [
      { denied: false, count: edge.count - edge.unanswered, errors: edge.errors },
      { denied: true, count: edge.unanswered, errors: 0 },
    ]
    for (const part of parts.filter(({ count }) => count > 0)) {
      const [source, destination] = [edge.source, withoutPort(edge.destination)]
      const ids = [source, destination].map((name) => nodeFor(known.get(name) ?? { name, kind: 'external' }, by).id)
      const id = `${ids.join(' ')}${part.denied ? ' !' : ''}`
      if (!links.has(id) && links.size >= MOST_LINKS) {
        left += 1
        continue
      }
      add(id, nodeOf(source), nodeOf(destination), edge, part)
    }
  }
  const ordered = <T extends { id: string }>(all: Iterable<T>) => [...all].sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const link of links.values()) link.perSecond = link.count / seconds
  return { nodes: ordered(nodes.values()), links: ordered(links.values()), left }

  function add(
    id: string,
    from: string,
    to: string,
    edge: TapEdge,
    { denied, count, errors }: { denied: boolean; count: number; errors: number },
  ) {
    let link = links.get(id)
    if (link === undefined) {
      const none = { protocols: [], sources: [], destinations: [] }
      link = { id, from, to, denied, ...none, count: 0, errors: 0, perSecond: 0, bytes: 0, p95: null }
      links.set(id, link)
    }
    link.count += count
    link.errors += errors
    link.bytes += edge.bytes
    if (edge.us.p95 !== null && !denied) link.p95 = Math.max(link.p95 ?? 0, edge.us.p95)
    into(link.protocols, edge.protocol)
    into(link.sources, edge.source)
    into(link.destinations, edge.destination)
  }
}

function into(list: string[], item: string): void {
  if (!list.includes(item)) list.push(item)
}

function nodeFor(end: TapEnd, by: 'workloads' | 'pods'): Node {
  const { kind, name, namespace = '', workload = '' } = end
  const where = namespace === '' ? '' : ` in ${namespace}`
  if (by === 'workloads' && workload !== '') {
    const [sort = 'workload', own = workload] = workload.split('/')
    return { id: `workload ${namespace}/${workload}`, kind: 'workload', title: own, about: `${sort}${where}` }
  }
  const title = namespace !== '' && name.startsWith(`${namespace}/`) ? name.slice(namespace.length + 1) : name
  return { id: `${kind} ${name}`, kind, title, about: `${WORDS[kind]}${where}` }
}

/** The filter of the list that shows the records of a line. */
export function filterOf({ sources, destinations }: Pick<Link, 'sources' | 'destinations'>): string {
  return `where ${among('source', sources)} and ${among('destination', destinations)}`
}

/** The filter of everything that one asks or is asked. */
export function filterAround(node: string, links: readonly Link[]): string {
  const asks = links.filter(({ from }) => from === node).flatMap(({ sources }) => sources)
  const asked = links.filter(({ to }) => to === node).flatMap(({ destinations }) => destinations)
  const parts = [asks.length > 0 ? among('source', asks) : '', asked.length > 0 ? among('destination', asked) : '']
  return `where ${parts.filter(Boolean).join(' or ')}`
}

function among(column: string, names: readonly string[]): string {
  const all = [...new Set(names)].map((name) => JSON.stringify(name))
  return all.length === 1 ? `${column} = ${all[0]}` : `${column} in (${all.join(', ')})`
}

/** How bad a line is: 3 where some failed, 4 where one of twenty did or nobody answered. */
export function levelOf({ denied, errors, count }: Pick<Link, 'denied' | 'errors' | 'count'>): 0 | 3 | 4 {
  if (denied) return 4
  if (errors === 0) return 0
  return errors * 20 >= count ? 4 : 3
}

/** How thick a line is: a step for each power of ten of its rate. */
export function widthOf(perSecond: number): number {
  return Math.min(6, Math.round((1.25 + Math.log10(1 + perSecond) * 1.75) * 4) / 4)
}

export const rate = (perSecond: number): string =>
  perSecond < 0.05 ? '<0.1' : perSecond.toFixed(perSecond < 10 ? 1 : 0)

export const share = ({ errors, count }: Pick<Link, 'errors' | 'count'>): string =>
  `${((100 * errors) / Math.max(1, count)).toFixed(1)} %`
