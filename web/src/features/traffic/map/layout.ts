/**
 * Where nodes and lines of the map stand: in layers from those who ask to those who are asked. The one file that knows
 * the layout library; it is loaded with the first map.
 */

import { Graph as Dagre, layout as dagre } from '@dagrejs/dagre'
import type { Link, Node } from './graph'

export const NODE = { width: 192, height: 40 }
export const LABEL = { width: 104, height: 32 }
const BETWEEN = { rows: 20, layers: 28 }
const EDGE = 16

export interface Point {
  x: number
  y: number
}

export interface Placed {
  /** Centres of nodes. */
  nodes: ReadonlyMap<string, Point>
  /** Points of lines, from the one who asks to the one who is asked. */
  links: ReadonlyMap<string, readonly Point[]>
  width: number
  height: number
  /** Some came later and stand at the end of their layer: laid out anew, it would be tidier. */
  untidy: boolean
}

type Ends = Pick<Link, 'id' | 'from' | 'to'>

/** All of it, as well as it can be. */
export function place(nodes: ReadonlyArray<Pick<Node, 'id'>>, links: readonly Ends[]): Placed {
  const graph = new Dagre({ multigraph: true })
  const { rows: nodesep, layers: ranksep } = BETWEEN
  graph.setGraph({ rankdir: 'LR', nodesep, ranksep, edgesep: 12, marginx: EDGE, marginy: EDGE })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of nodes) graph.setNode(id, { ...NODE })
  for (const { id, from, to } of links) graph.setEdge(from, to, { ...LABEL, labelpos: 'c' }, id)
  dagre(graph)
  const at = new Map(
    nodes.map(({ id }): [string, Point] => [id, { x: graph.node(id).x ?? 0, y: graph.node(id).y ?? 0 }]),
  )
  const lines = links.map(({ id, from, to }): [string, Point[]] => {
    const points: Point[] = graph.edge(from, to, id).points ?? []
    return [
      id,
      ended(
        points.map(({ x, y }) => ({ x, y })),
        at.get(from),
        at.get(to),
      ),
    ]
  })
  return sized(at, new Map(lines), false)
}

/** What is there stays where it is; what is new stands at the end of its layer. */
export function placeMore(before: Placed, nodes: ReadonlyArray<Pick<Node, 'id'>>, links: readonly Ends[]): Placed {
  const at = new Map(before.nodes)
  const lines = new Map(before.links)
  const fresh = nodes.filter(({ id }) => !at.has(id))
  const missing = links.filter(({ id }) => !lines.has(id))
  if (fresh.length === 0 && missing.length === 0) return before
  const first = Math.min(...[...before.nodes.values()].map(({ x }) => x), EDGE + NODE.width / 2)
  const layer = NODE.width + LABEL.width + 2 * BETWEEN.layers
  const columns = [...new Set([...at.values()].map(({ x }) => x))].sort((a, b) => a - b)
  for (const { id } of fresh) {
    const asking = links.filter(({ to, from }) => to === id && from !== id).flatMap(({ from }) => at.get(from) ?? [])
    const right = asking.length === 0 ? first - 1 : Math.max(...asking.map(({ x }) => x))
    const x = columns.find((column) => column > right + 1) ?? (asking.length === 0 ? first : right + layer)
    if (!columns.includes(x)) columns.push(x)
    const below = [...at.values()].filter((point) => Math.abs(point.x - x) < NODE.width)
    const y = Math.max(EDGE - NODE.height / 2 - BETWEEN.rows, ...below.map((point) => point.y))
    at.set(id, { x, y: y + NODE.height + BETWEEN.rows })
  }
  for (const { id, from, to } of missing) lines.set(id, straight(at.get(from), at.get(to)))
  return sized(at, lines, true)
}

function sized(
  nodes: ReadonlyMap<string, Point>,
  links: ReadonlyMap<string, readonly Point[]>,
  untidy: boolean,
): Placed {
  let [width, height] = [0, 0]
  for (const { x, y } of nodes.values()) {
    width = Math.max(width, x + NODE.width / 2 + EDGE)
    height = Math.max(height, y + NODE.height / 2 + EDGE)
  }
  for (const points of links.values()) {
    for (const { x, y } of points) {
      width = Math.max(width, x + EDGE)
      height = Math.max(height, y + EDGE)
    }
  }
  return { nodes, links, width: Math.ceil(width), height: Math.ceil(height), untidy }
}

/** A line leaves at the right side of one node and comes in at the left of the other, where it goes to the right. */
function ended(points: Point[], from: Point | undefined, to: Point | undefined): Point[] {
  if (from === undefined || to === undefined || from.x >= to.x) return points
  const inner = points.slice(1, -1)
  const near = (y: number, centre: number) => Math.min(centre + 12, Math.max(centre - 12, y))
  const start = { x: from.x + NODE.width / 2, y: near(points[0]?.y ?? from.y, from.y) }
  const end = { x: to.x - NODE.width / 2, y: near(points.at(-1)?.y ?? to.y, to.y) }
  return [start, ...inner, end]
}

function straight(from: Point | undefined, to: Point | undefined): Point[] {
  if (from === undefined || to === undefined) return []
  const half = NODE.width / 2
  if (from.x < to.x) {
    const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }
    return [{ x: from.x + half, y: from.y }, middle, { x: to.x - half, y: to.y }]
  }
  const right = Math.max(from.x, to.x) + half
  const bulge = { x: right + 24, y: (from.y + to.y) / 2 + (from === to ? NODE.height : 0) }
  return [{ x: from.x + half, y: from.y + 8 }, bulge, { x: to.x + half, y: to.y + (from === to ? 16 : -8) }]
}

/** A line through its points that leaves and comes in level. */
export function path(points: readonly Point[]): string {
  const round = (value: number) => Math.round(value * 10) / 10
  const parts: string[] = []
  for (const [at, { x, y }] of points.entries()) {
    const before = points[at - 1]
    if (before === undefined) parts.push(`M${round(x)} ${round(y)}`)
    else {
      const middle = round((before.x + x) / 2)
      parts.push(`C${middle} ${round(before.y)} ${middle} ${round(y)} ${round(x)} ${round(y)}`)
    }
  }
  return parts.join('')
}

/** Where what is said of a line stands. */
export function middle(points: readonly Point[]): Point {
  return points[Math.floor((points.length - 1) / 2)] ?? { x: 0, y: 0 }
}

/** The head of an arrow at the end of a line. */
export function head(points: readonly Point[], size: number): string {
  const [end, before] = [points.at(-1), points.at(-2)]
  if (end === undefined || before === undefined) return ''
  const back = before.x <= end.x ? -size : size
  const half = size * 0.6
  return `M${end.x} ${end.y}l${back} ${-half}v${2 * half}z`
}
