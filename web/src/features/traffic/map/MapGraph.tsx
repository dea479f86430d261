import { type MouseEvent, type ReactNode, useRef, useState } from 'react'
import { formatRoute } from '../../../lib/route'
import { elide, grouped, size } from '../../../lib/text'
import { Button } from '../../../ui/Button'
import { useCommands } from '../../../ui/commands'
import { useConsole } from '../../../ui/console'
import type { TapMap } from '../../../wire/api'
import { time } from '../figures'
import {
  filterAround,
  filterOf,
  type Graph,
  graphOf,
  type Link,
  levelOf,
  type Node,
  rate,
  share,
  widthOf,
} from './graph'
import { KINDS } from './kinds'
import { head, middle, NODE, type Placed, type Point, path, place, placeMore } from './layout'
import css from './map.module.css'

interface Props {
  map: TapMap
  by: 'workloads' | 'pods'
  show: (filter: string) => void
}

/** The map drawn: whoever asks stands left of whom he asks. Counts change in place; nothing moves but by Tidy. */
export default function MapGraph({ map, by, show }: Props) {
  const { commands } = useConsole()
  const graph = graphOf(map, by)
  const [placed, tidy] = usePlaced(graph)
  const root = useRef<SVGSVGElement>(null)
  const step = (by: 1 | -1) => {
    const all = [...(root.current?.querySelectorAll<SVGAElement>('a') ?? [])]
    const at = all.indexOf(document.activeElement as SVGAElement)
    const next = all[at < 0 ? 0 : (at + by + all.length) % all.length]
    next?.focus()
    next?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }
  useCommands(commands, { 'move.down': () => step(1), 'move.up': () => step(-1) })
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]))
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key */}
      <section className={css.view} aria-label="Who asks whom" tabIndex={0}>
        {/* biome-ignore lint/a11y/useSemanticElements: a drawing with links in it has no element of its own */}
        <svg
          ref={(element) => {
            root.current = element
            element?.style.setProperty('--natural', `${placed.width}px`)
          }}
          className={css.graph}
          viewBox={`0 0 ${placed.width} ${placed.height}`}
          role="group"
          aria-label={`${graph.nodes.length} ends, ${graph.links.length} lines`}
        >
          {graph.links.map((link) => (
            <Line
              key={link.id}
              link={link}
              points={placed.links.get(link.id) ?? []}
              name={`${nodes.get(link.from)?.title} to ${nodes.get(link.to)?.title}`}
              show={show}
            />
          ))}
          {graph.nodes.map((node) => (
            <Box
              key={node.id}
              node={node}
              at={placed.nodes.get(node.id)}
              filter={filterAround(node.id, graph.links)}
              show={show}
            />
          ))}
        </svg>
      </section>
      <footer className={css.legend}>
        <span>
          <i className={css.thin} /> thicker: more a second
        </span>
        <span className={css.level3}>▲ some failed</span>
        <span className={css.level4}>■ 1 of 20 failed</span>
        <span className={css.level4}>
          <i className={css.dashed} /> never answered: refused on the way, as a rule
        </span>
        {graph.left > 0 && <span>{grouped(graph.left)} more stand in the table</span>}
        <span className={css.space} />
        {placed.untidy && (
          <Button look="outlined" title="Places all of it anew" onClick={tidy}>
            Tidy
          </Button>
        )}
      </footer>
    </>
  )
}

/** Places of what is drawn: kept as long as it is looked at, so that nothing jumps. */
function usePlaced({ nodes, links }: Graph): [Placed, () => void] {
  const [kept, setKept] = useState(() => place(nodes, links))
  const placed = placeMore(kept, nodes, links)
  if (placed !== kept) setKept(placed)
  return [placed, () => setKept(place(nodes, links))]
}

/** A link of the page that keeps to the page: a click goes there without a load, a middle click opens another tab. */
function Open(props: { filter: string; says: string; className: string; show: Props['show']; children: ReactNode }) {
  const { filter, says, className, show, children } = props
  const { navigation } = useConsole()
  const route = navigation.route.get()
  const { traffic } = route
  const href = formatRoute({ ...route, filter, traffic: traffic && { ...traffic, show: 'records', chip: '' } })
  const click = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    show(filter)
  }
  return (
    <a href={href} className={className} onClick={click}>
      <title>{says}</title>
      {children}
    </a>
  )
}

function Line({
  link,
  points,
  name,
  show,
}: {
  link: Link
  points: readonly Point[]
  name: string
  show: Props['show']
}) {
  const level = levelOf(link)
  const width = widthOf(link.perSecond)
  const at = middle(points)
  const d = path(points)
  const failed = link.denied ? 'no answer' : link.errors > 0 ? `${share(link)} failed` : 'none failed'
  const said = [
    name,
    link.protocols.join(', '),
    `${grouped(link.count)} in all, ${rate(link.perSecond)} a second, ${failed}`,
    link.denied ? '' : `p95 ${time(link.p95)}, ${size(link.bytes)}`,
  ].filter(Boolean)
  return (
    <Open
      filter={filterOf(link)}
      says={said.join('\n')}
      className={[css.line, css[`level${level}`], link.denied && css.denied].filter(Boolean).join(' ')}
      show={show}
    >
      <path className={css.reach} d={d} />
      <path className={css.stroke} d={d} strokeWidth={width} />
      <path className={css.head} d={head(points, 5 + width)} />
      <text className={css.figures} x={at.x} y={at.y - 2}>
        {link.denied
          ? `■ ${grouped(link.count)}`
          : `${level === 3 ? '▲ ' : level === 4 ? '■ ' : ''}${rate(link.perSecond)}/s`}
      </text>
      <text className={css.more} x={at.x} y={at.y + 12}>
        {link.denied ? 'no answer' : `p95 ${time(link.p95)}`}
      </text>
    </Open>
  )
}

function Box({ node, at, filter, show }: { node: Node; at: Point | undefined; filter: string; show: Props['show'] }) {
  if (at === undefined) return null
  const [x, y] = [at.x - NODE.width / 2, at.y - NODE.height / 2]
  return (
    <Open filter={filter} says={`${node.title}\n${node.about}`} className={css.node ?? ''} show={show}>
      <rect className={css.box} x={x} y={y} rx={4} {...NODE} />
      <path className={css.icon} d={KINDS[node.kind]} transform={`translate(${x + 10} ${y + 12})`} />
      <text className={css.title} x={x + 34} y={y + 17}>
        {elide(node.title, 20)}
      </text>
      <text className={css.about} x={x + 34} y={y + 32}>
        {elide(node.about, 25)}
      </text>
    </Open>
  )
}
